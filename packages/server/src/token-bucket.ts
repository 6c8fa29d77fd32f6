/** Spreads calls: `burst` of them at once, and after that so many a second. */
export interface TokenBucket {
  /**
   * Takes a token, which counts from the moment it is there.
   *
   * @returns In how many milliseconds it is there; null, and nothing is taken, where that is later than `withinMs`.
   */
  take(withinMs: number): number | null
}

/** @param now Milliseconds since some moment, never set back. */
export function createTokenBucket(perSecond: number, burst: number, now: () => number): TokenBucket {
  let tokens = burst
  let countedAt = now()
  return {
    take: (withinMs) => {
      const at = now()
      tokens = Math.min(burst, tokens + ((at - countedAt) * perSecond) / 1000)
      countedAt = at
      const waitMs = Math.max(0, ((1 - tokens) * 1000) / perSecond)
      if (waitMs > withinMs) return null
      tokens -= 1
      return waitMs
    },
  }
}
