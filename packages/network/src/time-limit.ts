/**
 * Runs work with a time limit.
 *
 * @param work Gets a signal that is aborted when the time is up.
 * @throws {Error} The error of `createError`, as soon as the time is up, even if the work ignores the signal.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  createError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = createError()
    reject(error)
    late.abort(error)
  }, limitMs)
  try {
    return await Promise.race([promise, work(late.signal)])
  } finally {
    clearTimeout(timer)
  }
}
