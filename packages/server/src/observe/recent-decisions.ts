import type { Decision } from '../login/decision.ts'

/** The limit of refusals in `/status`. */
const MAX_REFUSALS = 20
/** The limit of a refusal's message, in characters: it may quote an ARN of any length. */
const MAX_ERROR_LENGTH = 400

/** A refused login in `/status`. */
export interface RecentRefusal {
  readonly time: string
  readonly reason: string
  readonly error: string
  readonly client: string
  /** Null if STS has not identified the caller, and for a scrubbed account. */
  readonly arn: string | null
}

export interface RecentDecisions {
  note(decision: Decision): void
  report(): { readonly granted: number; readonly refused: number; readonly refusals: readonly RecentRefusal[] }
}

/** Counts decisions, and keeps the last refusals, newest first. */
export function createRecentDecisions(now: () => Date): RecentDecisions {
  let granted = 0
  let refused = 0
  let refusals: RecentRefusal[] = []
  return {
    note: ({ reason, error, client, identity }) => {
      if (reason === null) {
        granted += 1
        return
      }
      refused += 1
      const message = (error ?? '').slice(0, MAX_ERROR_LENGTH)
      const refusal = { time: now().toISOString(), reason, error: message, client, arn: identity?.arn ?? null }
      refusals = [refusal, ...refusals].slice(0, MAX_REFUSALS)
    },
    report: () => ({ granted, refused, refusals }),
  }
}
