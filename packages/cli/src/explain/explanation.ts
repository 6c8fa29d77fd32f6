import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { TokenCheck } from '@aws-iam-authenticator/core/token/checks'
import type { JwtCheck } from './check-jwt.ts'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'

/** The result of one check of a token. */
export interface Check {
  readonly check: TokenCheck | JwtCheck | 'sts'
  readonly outcome: 'passed' | 'failed' | 'not_reached' | 'skipped'
  readonly detail: string
}

/** The answer of one backend for the identity. */
export interface BackendAnswer {
  readonly backend: BackendMode
  /** The file or API server that the mappings come from; null if there are none. */
  readonly from: string | null
  readonly outcome:
    /** An entry or mapAccounts of this backend decides. */
    | 'mapped'
    /** An entry matches, but the login is refused. */
    | 'refused'
    | 'no_match'
    /** The backend's mappings are unknown. */
    | 'unavailable'
    /** An earlier backend has decided. */
    | 'not_reached'
    /** The backend is not configured. */
    | 'not_asked'
  readonly entry: MappingEntry | null
  readonly detail: string
}

/** The caller. With only an ARN, some of its fields are placeholders. */
export interface Caller {
  readonly identity: Identity
  readonly hasSessionName: boolean
  readonly hasUserId: boolean
}

/** The explanation of a login. */
export interface Explanation {
  readonly checks: readonly Check[]
  /** Null if the token was refused. */
  readonly caller: Caller | null
  readonly backends: readonly BackendAnswer[]
  /** The user in the server's answer to the API server; null if the login fails. */
  readonly user: UserInfo | null
  readonly refusal: Refusal | null
  readonly nearest: readonly NearMiss[]
  /** A command or an entry that would map the caller; null if it is mapped, or its ARN is not safe to paste. */
  readonly suggestion: string | null
  /** Whether the account is in server.scrubbedAccounts. */
  readonly scrubbed: boolean
  /** Hints about missing or assumed input. */
  readonly notes: readonly string[]
}
