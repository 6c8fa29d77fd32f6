/** So many calls in a row without an answer, and a host counts as gone. */
const FAILURES_TO_OPEN = 5

/** How often a host that is gone is tried: as soon as it is back, logins pass again. */
const TRIAL_EVERY_MS = 1_000

/**
 * Keeps calls from a host that gives no answer, but for one trial a second. A trial that hangs holds up no later one, and the
 * first that is answered closes the breaker.
 */
export interface Breaker {
  /** Whether a call may be made now. Each true while the breaker is open is a trial. */
  readonly admits: () => boolean
  readonly answered: () => void
  readonly failed: () => void
  readonly isOpen: () => boolean
}

/** @param now Milliseconds since some moment, never set back. */
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
