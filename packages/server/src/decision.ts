import type { Identity, Mapped, ReasonCode, Refusal, UserInfo } from '@aws-iam-authenticator/core'

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

function base({ client, identity, stsHost, startedAt }: Known): Omit<Decision, 'reason' | 'error'> {
  const latencyMs = Math.round((performance.now() - startedAt) * 1000) / 1000
  const nothing = { backend: null, entry: null, user: null }
  return { client, identity: identity ?? null, stsHost: stsHost ?? null, ...nothing, latencyMs }
}

export function refusedDecision({ reason, message }: Refusal, known: Known): Decision {
  return { ...base(known), reason, error: message }
}

/** The path of an entry, or what stands for one where the whole account is let in. */
export function entryPath({ entry }: Mapped): string {
  return entry?.path ?? 'mapAccounts'
}

export function grantedDecision(user: UserInfo, mapped: Mapped, known: Known): Decision {
  return { ...base(known), reason: null, error: null, backend: mapped.backend, entry: entryPath(mapped), user }
}
