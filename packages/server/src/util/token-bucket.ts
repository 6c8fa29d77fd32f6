/** Spreads calls: `burst` of them at once, and after that so many a second. */
export interface TokenBucket {
  /**
   * Takes a token, which counts from the moment it is there.
   *
   * @param keep So many more have to be there with it, and stay.
   * @returns In how many milliseconds it is there; null, and nothing is taken, where that is later than `withinMs`.
   */
  take(withinMs: number, keep?: number): number | null
}

/** @param now Milliseconds since some moment, never set back. */
export function createTokenBucket(perSecond: number, burst: number, now: () => number): TokenBucket {
  let tokens = burst
  let countedAt = now()
  return {
    take: (withinMs, keep = 0) => {
      const at = now()
      tokens = Math.min(burst, tokens + ((at - countedAt) * perSecond) / 1000)
      countedAt = at
      const waitMs = Math.max(0, ((1 + keep - tokens) * 1000) / perSecond)
      if (waitMs > withinMs) return null
      tokens -= 1
      return waitMs
    },
  }
}
