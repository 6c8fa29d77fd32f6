import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { ReasonCode, Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'

/** What was decided about one token. Of a scrubbed account it holds neither ARN nor ids. */
export interface Decision {
  /** Null where the login was let in. */
  readonly reason: ReasonCode | null
  /** The text of a refusal, as in the log. */
  readonly error: string | null
  readonly client: string
  /** Null where STS has not said who it is, and for a scrubbed account. */
  readonly identity: Identity | null
  /** The STS that said who it is. */
  readonly stsHost: string | null
  readonly backend: string | null
  readonly entry: string | null
  readonly user: UserInfo | null
  readonly latencyMs: number
}

/** What is known of a token at the moment it is decided about. */
export interface Known {
  readonly client: string
  readonly identity?: Identity
  readonly stsHost?: string
  readonly startedAt: number
}

function latencyOf({ startedAt }: Known): number {
  return Math.round((performance.now() - startedAt) * 1000) / 1000
}

export function refusedDecision({ reason, message }: Refusal, known: Known): Decision {
  const { client, identity = null, stsHost = null } = known
  const nothing = { backend: null, entry: null, user: null }
  return { reason, error: message, client, identity, stsHost, ...nothing, latencyMs: latencyOf(known) }
}

/** The path of an entry, or what stands for one where the whole account is let in. */
export function entryPath({ entry }: Mapped): string {
  return entry?.path ?? 'mapAccounts'
}

export function grantedDecision(user: UserInfo, mapped: Mapped, known: Known): Decision {
  const { client, identity = null, stsHost = null } = known
  const { backend } = mapped
  const entry = entryPath(mapped)
  return { reason: null, error: null, client, identity, stsHost, backend, entry, user, latencyMs: latencyOf(known) }
}
