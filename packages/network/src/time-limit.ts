/**
 * Runs work with a time limit.
 *
 * @param error Thrown as soon as the time is up, even if the work ignores the signal.
 * @param work Gets a signal that is aborted when the time is up.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  error: Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(error)
    late.abort(error)
  }, limitMs)
  try {
    return await Promise.race([promise, work(late.signal)])
  } finally {
    clearTimeout(timer)
  }
}
