import { BoundedMap } from '@aws-iam-authenticator/core/bounded-map'

/** A cache of outcomes, by the digest of the token. */
export interface Remembered<T> {
  readonly size: number
  recall(digest: string): T | undefined
  /** @param milliseconds The lifetime of the entry; 0 or less caches nothing. */
  remember(digest: string, outcome: T, milliseconds: number): void
}

/** The limit of cached outcomes, of about 1 KiB each. */
export const MAX_REMEMBERED = 2_048

/**
 * @param now Monotonic time in milliseconds.
 * @param recalled Called for each cache hit.
 */
export function createRemembered<T>(
  now: () => number,
  recalled: () => void,
  maxRemembered: number = MAX_REMEMBERED,
): Remembered<T> {
  const entries = new BoundedMap<string, { readonly outcome: T; readonly until: number }>(maxRemembered)
  return {
    get size() {
      return entries.size
    },
    recall: (digest) => {
      const found = entries.get(digest)
      if (found === undefined) return undefined
      if (found.until <= now()) {
        entries.delete(digest)
        return undefined
      }
      recalled()
      return found.outcome
    },
    remember: (digest, outcome, milliseconds) => {
      if (milliseconds <= 0) return
      // Delete expired entries, beginning with the oldest.
      for (const [oldest, { until }] of entries) {
        if (until > now()) break
        entries.delete(oldest)
      }
      entries.set(digest, { outcome, until: now() + milliseconds })
    },
  }
}
