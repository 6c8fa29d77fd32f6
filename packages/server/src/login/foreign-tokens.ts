import type { Log } from '@aws-iam-authenticator/core/log/log'

/** The time between two log lines, in milliseconds. */
const EVERY_MS = 60_000

/**
 * Counts foreign tokens, such as those of service accounts: the API server sends each one that its other authenticators reject. The
 * log has one line per minute for all of them.
 *
 * @param now Monotonic time in milliseconds.
 * @returns Must be called for each foreign token.
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
