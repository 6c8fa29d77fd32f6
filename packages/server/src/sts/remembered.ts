/** Outcomes that are remembered for a while, by the digest of the token. */
export interface Remembered<T> {
  readonly size: number
  recall(digest: string): T | undefined
  /** @param milliseconds From now on; nothing is remembered for 0 or less. */
  remember(digest: string, outcome: T, milliseconds: number): void
}

interface Entry<T> {
  readonly digest: string
  readonly outcome: T
  /** As `now` tells the time. */
  readonly until: number
}

/** Outcomes that are remembered, of about 1 KiB each. */
export const MAX_REMEMBERED = 2_048

/**
 * @param now Milliseconds since some moment, never set back.
 * @param recalled Told each time that an outcome is recalled.
 */
export function createRemembered<T>(
  now: () => number,
  recalled: () => void,
  maxRemembered: number = MAX_REMEMBERED,
): Remembered<T> {
  const outcomes = new Map<string, Entry<T>>()
  // In the order in which they came. To look for the oldest in the map would pass by all that were taken out of it.
  const order = Array.from<Entry<T> | undefined>({ length: maxRemembered })
  let next = 0
  let first = 0
  const forget = (entry: Entry<T>): void => {
    if (outcomes.get(entry.digest) === entry) outcomes.delete(entry.digest)
  }
  /** Drops what is over among the oldest. */
  const sweep = (): void => {
    for (let oldest = order[first]; oldest !== undefined && oldest.until <= now(); oldest = order[first]) {
      forget(oldest)
      order[first] = undefined
      first = (first + 1) % maxRemembered
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
      sweep()
      const entry = { digest, outcome, until: now() + milliseconds }
      const before = order[next]
      // There are as many as there may be: the oldest makes room.
      if (before !== undefined) {
        forget(before)
        first = (next + 1) % maxRemembered
      }
      order[next] = entry
      next = (next + 1) % maxRemembered
      outcomes.set(digest, entry)
    },
  }
}
