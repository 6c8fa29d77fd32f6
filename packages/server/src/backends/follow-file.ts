import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, property } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'

/** What a file that is followed has to tell. Each is called when it differs from what was told before. */
export interface FileHandlers {
  /** The whole content. */
  read(text: string): unknown
  /** There is no such file, or no such directory. */
  missing(): unknown
  /** The file is there and can't be read. */
  failed(message: string): unknown
}

/** A file that is followed, until it is stopped. */
export interface FollowedFile {
  /** Looks at the file for the first time; resolves when its state has been told. */
  start(): Promise<void>
  stop(): Promise<void>
}

type State =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly text: string }

/** A change is told by the second look that finds it: within a quarter of a second. */
const LOOK_MS = 100

function failure(error: unknown): State {
  const code = property(error, 'code')
  return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'failed', text: messageOf(error) }
}

function isSame(a: State, b: State): boolean {
  if (a.kind === 'missing' || b.kind === 'missing') return a.kind === b.kind
  return a.kind === b.kind && a.text === b.text
}

/** What tells one state of a file from another without reading it. Links are followed: what counts is where they lead. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return JSON.stringify(failure(error))
  }
}

async function stateOf(path: string): Promise<State> {
  try {
    return { kind: 'read', text: await readRegularFile(path) }
  } catch (error) {
    return failure(error)
  }
}

/**
 * Follows a file by looking at it ten times a second: a write, a replacement by rename, a link that leads elsewhere (as in the
 * volume of a ConfigMap), a directory that comes later. A watch of the directory would add nothing: it misses links that lead
 * out of it and a directory that is replaced, so that looking has to be fast enough on its own.
 *
 * A change counts once two looks in a row find the same, so that a file which is being written, or is gone for the moment
 * between two steps of an editor, is not taken for its new content.
 */
export function followFile(path: string, handlers: FileHandlers): FollowedFile {
  const stopped = new AbortController()
  const { signal } = stopped
  let told: State | null = null
  let stamp: string | null = null
  let isSettled = false
  let running: Promise<void> = Promise.resolve()

  const tell = async (): Promise<void> => {
    const state = await stateOf(path)
    if (told !== null && isSame(told, state)) return
    told = state
    if (state.kind === 'read') await handlers.read(state.text)
    else if (state.kind === 'missing') await handlers.missing()
    else await handlers.failed(state.text)
  }
  const look = async (): Promise<void> => {
    const found = await stampOf(path)
    if (found !== stamp) {
      stamp = found
      isSettled = false
    } else if (!isSettled) {
      isSettled = true
      await tell()
    }
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await look()
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  return {
    start: async () => {
      await tell()
      running = run()
    },
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}
