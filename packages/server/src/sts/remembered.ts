/** Outcomes that are remembered for a while, by the digest of the token. */
export interface Remembered<T> {
  readonly size: number
  recall(digest: string): T | undefined
  /** @param milliseconds From now on; nothing is remembered for 0 or less. */
  remember(digest: string, outcome: T, milliseconds: number): void
}

/** About 1 KiB each. */
const MAX_REMEMBERED = 4_096

/**
 * @param now Milliseconds since some moment, never set back.
 * @param recalled Told each time that an outcome is recalled.
 */
export function createRemembered<T>(
  now: () => number,
  recalled: () => void,
  maxRemembered: number = MAX_REMEMBERED,
): Remembered<T> {
  const outcomes = new Map<string, { readonly outcome: T; readonly until: number }>()
  /** Drops what is over among the oldest, and the oldest where there are too many. */
  const sweep = (): void => {
    for (const [digest, { until }] of outcomes) {
      if (outcomes.size <= maxRemembered && until > now()) break
      outcomes.delete(digest)
    }
  }
  return {
    get size() {
      return outcomes.size
    },
    recall: (digest) => {
      const found = outcomes.get(digest)
      if (found === undefined) return undefined
      if (found.until <= now()) {
        outcomes.delete(digest)
        return undefined
      }
      recalled()
      return found.outcome
    },
    remember: (digest, outcome, milliseconds) => {
      if (milliseconds <= 0) return
      outcomes.delete(digest)
      outcomes.set(digest, { outcome, until: now() + milliseconds })
      sweep()
    },
  }
}
