import type { Location } from '../errors/problem.ts'

/** By what an entry is found. */
export type EntryKey =
  /** A canonical ARN in lower case. */
  | { readonly type: 'arn'; readonly arn: string }
  /**
   * The role that AWS IAM Identity Center makes of a permission set: a canonical ARN in lower case up to its last underscore,
   * after which AWS puts signs of its own.
   */
  | { readonly type: 'sso'; readonly prefix: string }
  /** Roles or users of one account: a canonical ARN in lower case up to `:role/` or `:user/`, and a pattern for the rest. */
  | { readonly type: 'like'; readonly prefix: string; readonly glob: string }
  /** The unique id of a principal; where `arn` is not null, the canonical ARN in lower case must be that one too. */
  | { readonly type: 'userId'; readonly userId: string; readonly arn: string | null }

/** What an identity must be besides the one that the key names; each that is not null must hold. */
export interface Conditions {
  /** The unique id of the principal, with its case. */
  readonly principalId: string | null
  /** Patterns, one of which the name of the session must fit. */
  readonly sessionNames: readonly string[] | null
}

/** One entry of mapRoles or mapUsers: whom it is for, and which Kubernetes user that person becomes. */
export interface MappingEntry {
  readonly key: EntryKey
  /** Null where the key alone decides. */
  readonly conditions: Conditions | null
  /** A template. */
  readonly username: string
  /** Templates. */
  readonly groups: readonly string[]
  /** The unique id of the principal; empty where the entry has none. */
  readonly userId: string
  readonly location: Location
  /** Which entry, such as `mapRoles[3]`. */
  readonly path: string
}

/** An entry that is out of force, and whom it would be for as far as that can be read. */
export interface UnusableEntry {
  /** A canonical ARN in lower case, or the prefix of a permission set's role. */
  readonly wouldBeFor: string
  readonly location: Location
  readonly path: string
  /** What is wrong with it. */
  readonly message: string
}
