/** The time between two checks, in milliseconds. */
const CHECK_EVERY_MS = 250

/** A call in flight. */
export interface Deadline {
  /** Called with a `TimeoutError` when the time is up. The code that makes the call sets it. */
  onOver: (error: Error) => void
  /** Must be called when the call ends. */
  readonly end: () => void
}

/**
 * Ends calls that take too long, with one timer for all. A timer for each would keep the call in memory until the timeout, long after
 * the call has ended.
 *
 * @param milliseconds The longest time that a call may take.
 */
export function createDeadlines(milliseconds: number): () => Deadline {
  const begun = new Map<Deadline, number>()
  let timer: NodeJS.Timeout | null = null
  const check = (): void => {
    const latest = performance.now() - milliseconds
    // In order of start.
    for (const [call, at] of begun) {
      if (at > latest) break
      begun.delete(call)
      call.onOver(new DOMException('the call took too long', 'TimeoutError'))
    }
    if (begun.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
  return () => {
    const call: Deadline = { onOver: () => undefined, end: () => void begun.delete(call) }
    begun.set(call, performance.now())
    timer ??= setInterval(check, CHECK_EVERY_MS)
    return call
  }
}
