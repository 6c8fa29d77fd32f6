/** Limits a rate: a burst at once, then a number of calls per second. */
export interface TokenBucket {
  /**
   * Takes a token, if it is available within `withinMs`.
   *
   * @param keep The number of tokens that must remain in the bucket.
   * @returns The time until the token is available, in milliseconds; null if no token was taken.
   */
  take(withinMs: number, keep?: number): number | null
}

/** @param now Monotonic time in milliseconds. */
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
