/** Calls in a row without an answer after which a host counts as unreachable. */
const FAILURES_TO_OPEN = 5

/** The time between two trials of an unreachable host, in milliseconds. */
const TRIAL_EVERY_MS = 1_000

/**
 * Rejects calls to a host that does not answer, except for one trial per second. A trial that hangs does not delay the next one. The
 * first answer closes the breaker.
 */
export interface Breaker {
  /** Whether a call may be made now. While the breaker is open, each `true` starts a trial. */
  readonly admits: () => boolean
  readonly answered: () => void
  readonly failed: () => void
  readonly isOpen: () => boolean
}

/** @param now Monotonic time in milliseconds. */
export function createBreaker(now: () => number): Breaker {
  let failures = 0
  let nextTrialAt = 0
  const isOpen = (): boolean => failures >= FAILURES_TO_OPEN
  return {
    isOpen,
    admits: () => {
      if (!isOpen()) return true
      if (now() < nextTrialAt) return false
      nextTrialAt = now() + TRIAL_EVERY_MS
      return true
    },
    answered: () => {
      failures = 0
    },
    failed: () => {
      failures += 1
      if (failures === FAILURES_TO_OPEN) nextTrialAt = now() + TRIAL_EVERY_MS
    },
  }
}
