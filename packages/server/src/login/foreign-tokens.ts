import type { Log } from '@aws-iam-authenticator/core/log/log'

/** How often the log says how many there were, in milliseconds. */
const EVERY_MS = 60_000

/**
 * Notes tokens of other kinds, such as those of service accounts: the API server asks about each one that its other
 * authenticators don't know. They are counted, and the log has one line a minute for all of them.
 *
 * @param now Milliseconds since some moment, never set back.
 */
export function createForeignTokens(log: Log, now: () => number, counted: () => void): () => void {
  let unlogged = 0
  let nextLineAt = -Infinity
  return () => {
    counted()
    unlogged += 1
    if (now() < nextLineAt) return
    log.info('tokens of another kind were refused', { count: unlogged })
    unlogged = 0
    nextLineAt = now() + EVERY_MS
  }
}
