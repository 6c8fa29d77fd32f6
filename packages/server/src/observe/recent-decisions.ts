import type { Decision } from '../login/decision.ts'

/** Enough to see what is going on. */
const MAX_REFUSALS = 20
/** The text of a refusal may quote an ARN that is as long as its owner liked. */
const MAX_ERROR_LENGTH = 400

/** A login that was refused, for people on the node. */
export interface RecentRefusal {
  readonly time: string
  readonly reason: string
  readonly error: string
  readonly client: string
  /** Null where nobody has said who it is, and for a scrubbed account. */
  readonly arn: string | null
}

export interface RecentDecisions {
  note(decision: Decision): void
  report(): { readonly granted: number; readonly refused: number; readonly refusals: readonly RecentRefusal[] }
}

/** Counts decisions, and keeps the last refusals in mind: the latest first. */
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
      const told = (error ?? '').slice(0, MAX_ERROR_LENGTH)
      const refusal = { time: now().toISOString(), reason, error: told, client, arn: identity?.arn ?? null }
      refusals = [refusal, ...refusals].slice(0, MAX_REFUSALS)
    },
    report: () => ({ granted, refused, refusals }),
  }
}
