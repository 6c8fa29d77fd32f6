import type { Location } from '../errors/problem.ts'

/** The key that an identity must match. */
export type EntryKey =
  /** A canonical ARN in lower case. */
  | { readonly type: 'arn'; readonly arn: string }
  /**
   * The role of a permission set of AWS IAM Identity Center: a canonical ARN in lower case up to its last underscore. AWS adds
   * characters after it.
   */
  | { readonly type: 'sso'; readonly prefix: string }
  /** Roles or users of one account: a canonical ARN in lower case up to `:role/` or `:user/`, and a pattern for the rest. */
  | { readonly type: 'like'; readonly prefix: string; readonly glob: string }
  /** The unique id of a principal. If `arn` is not null, the canonical ARN in lower case must match too. */
  | { readonly type: 'userId'; readonly userId: string; readonly arn: string | null }

/** A tag of the principal. It must have one of the values. */
export interface TagCondition {
  /** Its case matters. */
  readonly key: string
  readonly values: readonly string[]
}

/** Conditions that only an AWS-signed JWT can meet. With one that is not null, an entry matches no presigned token. */
export interface JwtConditions {
  /** The JWT must have each of these tags. */
  readonly principalTags: readonly TagCondition[] | null
  readonly orgId: string | null
  /** Patterns. One of the paths of organizational units must match one of them. */
  readonly ouPaths: readonly string[] | null
  /** Patterns. The source identity must match one of them. Its case matters. */
  readonly sourceIdentities: readonly string[] | null
}

/** Conditions besides the key, as JSON can represent them. An identity must meet each one that is not null. */
export interface Conditions extends JwtConditions {
  /** The unique id of the principal. Its case matters. */
  readonly principalId: string | null
  /** Patterns. The name of the session must match one of them. */
  readonly sessionNames: readonly string[] | null
}

/** One entry of mapRoles or mapUsers: a principal and its Kubernetes user. */
export interface MappingEntry {
  readonly key: EntryKey
  /**
   * The principal in the letter case of the entry: a canonical ARN, a pattern, or the user id if there is no ARN. For `sso` the ARN ends in
   * `_*`.
   */
  readonly principal: string
  /** Null if the key alone decides. */
  readonly conditions: Conditions | null
  /** A template. */
  readonly username: string
  /** Templates. */
  readonly groups: readonly string[]
  /** The unique id of the principal; empty if the entry has none. */
  readonly userId: string
  readonly location: Location
  /** The path of the entry, such as `mapRoles[3]`. */
  readonly path: string
}

/** A rejected entry and the principal that it names. */
export interface UnusableEntry {
  /** A canonical ARN in lower case, or the prefix of a permission set's role. */
  readonly wouldMatch: string
  readonly location: Location
  readonly path: string
  /** The first error in it. */
  readonly message: string
}
