/** How often calls are looked at, in milliseconds. */
const LOOK_EVERY_MS = 250

/** A call that is under way. */
export interface Deadline {
  /** Is called with a `TimeoutError` when the time is over; set by who makes the call. */
  onOver: (error: Error) => void
  /** The call has come to its end. */
  readonly end: () => void
}

/**
 * Ends calls that take too long, all of them by one timer: a timer for each would outlive its call by as long as a call may take,
 * and with it all that the call holds.
 *
 * @param milliseconds How long a call may take.
 */
export function createDeadlines(milliseconds: number): () => Deadline {
  const begun = new Map<Deadline, number>()
  let timer: NodeJS.Timeout | null = null
  const look = (): void => {
    const latest = performance.now() - milliseconds
    // In the order in which they began.
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
    timer ??= setInterval(look, LOOK_EVERY_MS)
    return call
  }
}
