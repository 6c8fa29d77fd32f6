import { BoundedMap } from '@aws-iam-authenticator/core/bounded-map'
import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import type { Decision } from '../login/decision.ts'
import { createRecentCount } from './recent-count.ts'

/** The limit of groups of refusals that are counted. The group without a refusal for the longest time is dropped. */
export const MAX_GROUPS = 64
/** The limit of groups of refusals in `/status`. */
export const MAX_REPORTED_GROUPS = 10
/** The limit of a refusal's message, in characters: it may quote an ARN of any length. */
const MAX_ERROR_LENGTH = 400

/** The refused logins of one principal for one reason, in `/status`. */
export interface RefusalGroup {
  readonly reason: ReasonCode
  /** The canonical ARN. Null if STS has not identified the caller, and for a scrubbed account. */
  readonly arn: string | null
  readonly count: number
  readonly lastAt: string
  /** The error and the client of the last refusal. */
  readonly error: string
  readonly client: string
}

/** The decisions about tokens, in `/status`. */
export interface DecisionReport {
  /** Since the start. */
  readonly granted: number
  readonly refused: number
  readonly lastGrantedAt: string | null
  readonly lastRefusedAt: string | null
  readonly last5Minutes: { readonly granted: number; readonly refused: number }
  /** The refusals after the last granted login, or since the start, by reason. The most frequent reason comes first. */
  readonly refusedSinceLastGrant: readonly { readonly reason: ReasonCode; readonly count: number }[]
}

export interface RecentDecisions {
  note(decision: Decision): void
  report(): DecisionReport
  /** Returns the groups with the latest refusals, latest first. */
  refusals(): readonly RefusalGroup[]
}

/** Counts decisions, and groups refusals by reason and principal. */
export function createRecentDecisions(now: () => Date): RecentDecisions {
  const recent = { granted: createRecentCount(now), refused: createRecentCount(now) }
  const groups = new BoundedMap<string, RefusalGroup>(MAX_GROUPS)
  const sinceGrant = new Map<ReasonCode, number>()
  let granted = 0
  let refused = 0
  let lastGrantedAt: string | null = null
  let lastRefusedAt: string | null = null

  const grant = (): void => {
    granted += 1
    lastGrantedAt = now().toISOString()
    recent.granted.add()
    sinceGrant.clear()
  }
  const refuse = (reason: ReasonCode, { error, client, identity }: Decision): void => {
    refused += 1
    lastRefusedAt = now().toISOString()
    recent.refused.add()
    sinceGrant.set(reason, (sinceGrant.get(reason) ?? 0) + 1)
    const arn = identity?.canonicalArn ?? null
    const key = `${reason} ${arn ?? ''}`
    const count = (groups.get(key)?.count ?? 0) + 1
    const message = (error ?? '').slice(0, MAX_ERROR_LENGTH)
    groups.set(key, { reason, arn, count, lastAt: lastRefusedAt, error: message, client })
  }
  return {
    note: (decision) => {
      if (decision.reason === null) grant()
      else refuse(decision.reason, decision)
    },
    report: () => ({
      granted,
      refused,
      lastGrantedAt,
      lastRefusedAt,
      last5Minutes: { granted: recent.granted.total(), refused: recent.refused.total() },
      refusedSinceLastGrant: [...sinceGrant]
        .map(([reason, count]) => ({ reason, count }))
        .sort((one, other) => other.count - one.count),
    }),
    refusals: () => [...groups.values()].reverse().slice(0, MAX_REPORTED_GROUPS),
  }
}
