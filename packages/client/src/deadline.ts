/** A time limit for several steps together. */
interface Deadline {
  /**
   * Runs the work.
   *
   * @throws {Error} The error of `createError`, if the work takes longer.
   */
  readonly bound: <T>(work: Promise<T>) => Promise<T>
  /** Stops the clock while a user or a program of theirs is working. */
  readonly pauseWhile: <T>(wait: () => Promise<T>) => Promise<T>
}

/**
 * Starts a deadline.
 *
 * @param limitMs The limit in milliseconds, not counting pauses.
 * @param createError Creates the error to fail with.
 */
export function startDeadline(limitMs: number, createError: () => Error): Deadline {
  const expired = Promise.withResolvers<never>()
  // Without bound work the rejection is not an error.
  expired.promise.catch(() => undefined)
  let leftMs = limitMs
  let pauses = 0
  let startedAt = 0
  let timer: NodeJS.Timeout | undefined
  const resume = (): void => {
    startedAt = performance.now()
    timer = setTimeout(() => expired.reject(createError()), leftMs)
  }
  const stop = (): void => {
    clearTimeout(timer)
    leftMs = Math.max(0, leftMs - (performance.now() - startedAt))
  }
  resume()
  return {
    async bound(work) {
      try {
        return await Promise.race([expired.promise, work])
      } finally {
        clearTimeout(timer)
      }
    },
    async pauseWhile(wait) {
      if (pauses === 0) stop()
      pauses += 1
      try {
        return await wait()
      } finally {
        pauses -= 1
        if (pauses === 0) resume()
      }
    },
  }
}
