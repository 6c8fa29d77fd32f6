import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { pollFiles } from '../util/poll-files.ts'

/** The states of a followed file. A handler is called only if the state differs from the last one reported. */
interface FileHandlers {
  /** The file has this content. */
  read(text: string): unknown
  /** The file or its directory does not exist. */
  missing(): unknown
  /** The file exists and can't be read. */
  failed(message: string): unknown
}

/** A file that is followed until it is stopped. */
export interface FollowedFile {
  /** Reads the file for the first time; resolves when its state has been reported. */
  start(): Promise<void>
  stop(): Promise<void>
}

type State =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly text: string }

/** The time between two polls, in milliseconds. The second poll after a change reports it: within a quarter of a second. */
const POLL_MS = 100

function isSame(a: State, b: State): boolean {
  if (a.kind === 'missing' || b.kind === 'missing') return a.kind === b.kind
  return a.kind === b.kind && a.text === b.text
}

async function stateOf(path: string): Promise<State> {
  try {
    return { kind: 'read', text: await readRegularFile(path) }
  } catch (error) {
    const code = errorCode(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'failed', text: messageOf(error) }
  }
}

/**
 * Follows a file by polling. That covers a write, a replacement by rename, a link with a new target (as in the volume of a
 * ConfigMap) and a directory that is created later. A watch of the directory would add nothing: it misses targets of links outside
 * of the directory and a directory that is replaced, so that polling has to be fast enough on its own.
 */
export function followFile(path: string, handlers: FileHandlers): FollowedFile {
  let reported: State | null = null
  const report = async (): Promise<void> => {
    const state = await stateOf(path)
    if (reported !== null && isSame(reported, state)) return
    reported = state
    if (state.kind === 'read') await handlers.read(state.text)
    else if (state.kind === 'missing') await handlers.missing()
    else await handlers.failed(state.text)
  }
  const poll = pollFiles({ paths: [path], everyMs: POLL_MS, onSettled: report })
  return {
    start: async () => {
      await report()
      poll.start()
    },
    stop: poll.stop,
  }
}
