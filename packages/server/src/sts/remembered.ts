/** A cache of outcomes, by the digest of the token. */
export interface Remembered<T> {
  readonly size: number
  recall(digest: string): T | undefined
  /** @param milliseconds The lifetime of the entry; 0 or less caches nothing. */
  remember(digest: string, outcome: T, milliseconds: number): void
}

interface Entry<T> {
  readonly digest: string
  readonly outcome: T
  /** On the clock of `now`. */
  readonly until: number
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
  const outcomes = new Map<string, Entry<T>>()
  // A ring in order of insertion. To find the oldest entry in the map would be slow, because the map skips its deleted entries.
  const order = Array.from<Entry<T> | undefined>({ length: maxRemembered })
  let next = 0
  let first = 0
  const forget = (entry: Entry<T>): void => {
    if (outcomes.get(entry.digest) === entry) outcomes.delete(entry.digest)
  }
  /** Deletes expired entries, beginning with the oldest. */
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
      // The cache is full: the oldest entry makes room.
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
