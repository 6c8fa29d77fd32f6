import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'

interface PollOptions {
  readonly paths: readonly string[]
  /** The time between two polls, in milliseconds. */
  readonly everyMs: number
  /** The files have changed and were the same in two polls in a row. It is also called for their first state. */
  readonly onSettled: () => Promise<void>
  /** Called after each poll. */
  readonly onPolled?: () => void
}

/** Polls files until it is stopped. */
interface Poll {
  readonly start: () => void
  readonly stop: () => Promise<void>
}

/** Identifies a state of a file without reading it. Links are followed: their target counts. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return messageOf(error)
  }
}

/**
 * Detects changes of files by polling. A change counts once two polls in a row find the same state: a file that is being written,
 * or is absent between two steps of an editor, does not count as changed yet.
 */
export function pollFiles({ paths, everyMs, onSettled, onPolled = () => undefined }: PollOptions): Poll {
  const stopped = new AbortController()
  const { signal } = stopped
  let stamp: string | null = null
  let isSettled = false
  let running: Promise<void> = Promise.resolve()

  const poll = async (): Promise<void> => {
    const found = (await Promise.all(paths.map(stampOf))).join('\n')
    if (found !== stamp) {
      stamp = found
      isSettled = false
    } else if (!isSettled) {
      isSettled = true
      await onSettled()
    }
    onPolled()
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await poll()
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }
  return {
    start: () => {
      running = run()
    },
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}
