import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { TokenCheck } from '@aws-iam-authenticator/core/token/checks'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'

/** One thing that a token is checked for. */
export interface Check {
  readonly check: TokenCheck | 'sts'
  readonly outcome: 'passed' | 'failed' | 'not_reached' | 'skipped'
  readonly detail: string
}

/** What one backend says of the identity. */
export interface BackendAnswer {
  readonly backend: BackendMode
  /** A file, or the API server; null where nothing of this backend is at hand. */
  readonly from: string | null
  readonly outcome:
    /** Its entry, or its mapAccounts, decides. */
    | 'mapped'
    /** Its entry matches, and the login is refused all the same. */
    | 'refused'
    | 'no_match'
    /** It is not known what it has. */
    | 'unavailable'
    /** An earlier backend has decided. */
    | 'not_reached'
    /** It is not in the list of backends. */
    | 'not_asked'
  readonly entry: MappingEntry | null
  readonly detail: string
}

/** Who logs in, and what of it is made up, since only an ARN was given. */
export interface Caller {
  readonly identity: Identity
  readonly hasSessionName: boolean
  readonly hasUserId: boolean
}

/** All that there is to say about a login. */
export interface Explanation {
  readonly checks: readonly Check[]
  /** Null where the token was refused. */
  readonly caller: Caller | null
  readonly backends: readonly BackendAnswer[]
  /** What the API server would be told; null where the login fails. */
  readonly user: UserInfo | null
  readonly refusal: Refusal | null
  readonly nearest: readonly NearMiss[]
  /** Whether the account is in server.scrubbedAccounts. */
  readonly scrubbed: boolean
  /** What else one should know. */
  readonly notes: readonly string[]
}
