import { createMinuteCounter } from '../log/minute-counter.ts'
import type { Log } from '@aws-iam-authenticator/core/log/log'

/**
 * Counts foreign tokens, such as those of service accounts: the API server sends each one that its other authenticators reject. The
 * log has one line per minute for all of them.
 *
 * @param now Monotonic time in milliseconds.
 * @returns Must be called for each foreign token.
 */
export function createForeignTokens(log: Log, now: () => number, counted: () => void): () => void {
  const countForLog = createMinuteCounter(now)
  return () => {
    counted()
    const count = countForLog()
    if (count !== null) log.info('tokens of another kind were refused', { count })
  }
}
