import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { ReasonCode, Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'

/** The decision about one request. It contains neither ARN nor ids of a scrubbed account. */
export interface Decision {
  /**
   * What was decided about: a token, a foreign token, or a request that is not a TokenReview. Clients without an AWS identity can send
   * any number of the last two, so the audit log and `/status` leave them out.
   */
  readonly subject: 'token' | 'foreign_token' | 'request'
  /** Null if the login was granted. */
  readonly reason: ReasonCode | null
  /** The message of a refusal, as in the log. */
  readonly error: string | null
  readonly client: string
  /** Null if STS has not identified the caller, and for a scrubbed account. */
  readonly identity: Identity | null
  /** The STS host that identified the caller. */
  readonly stsHost: string | null
  /** The issuer of the JWT that identified the caller; null for a scrubbed account. */
  readonly issuer: string | null
  readonly backend: string | null
  readonly entry: string | null
  readonly user: UserInfo | null
  readonly latencyMs: number
}

/** Called once for each decision. */
export type OnDecision = (decision: Decision) => void

/** The facts about a token at the time of its decision. */
export interface Known {
  readonly client: string
  readonly identity?: Identity
  readonly stsHost?: string
  readonly issuer?: string
  readonly startedAt: number
}

function latencyOf({ startedAt }: Known): number {
  return Math.round((performance.now() - startedAt) * 1000) / 1000
}

export function refusedDecision(
  { reason, message }: Refusal,
  known: Known,
  subject: Decision['subject'] = 'token',
): Decision {
  const { client, identity = null, stsHost = null, issuer = null } = known
  const nothing = { backend: null, entry: null, user: null }
  return { subject, reason, error: message, client, identity, stsHost, issuer, ...nothing, latencyMs: latencyOf(known) }
}

/** The path of the matching entry; `mapAccounts` if the whole account is mapped. */
export function entryPath({ entry }: Mapped): string {
  return entry?.path ?? 'mapAccounts'
}

export function grantedDecision(user: UserInfo, mapped: Mapped, known: Known): Decision {
  const { client, identity = null, stsHost = null, issuer = null } = known
  const { backend } = mapped
  const entry = entryPath(mapped)
  const latencyMs = latencyOf(known)
  return {
    subject: 'token',
    reason: null,
    error: null,
    client,
    identity,
    stsHost,
    issuer,
    backend,
    entry,
    user,
    latencyMs,
  }
}
