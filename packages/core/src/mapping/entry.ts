import type { Location } from '../configuration/problem.ts'

/** By what an entry is found. */
export type EntryKey =
  /** A canonical ARN in lower case. */
  | { readonly type: 'arn'; readonly arn: string }
  /** The role that AWS IAM Identity Center makes of a permission set; the pattern is for a canonical ARN in lower case. */
  | { readonly type: 'sso'; readonly pattern: RegExp }
  /** The unique id of a principal; where `arn` is not null, the canonical ARN in lower case must be that one too. */
  | { readonly type: 'userId'; readonly userId: string; readonly arn: string | null }

/** One entry of mapRoles or mapUsers: whom it is for, and which Kubernetes user that person becomes. */
export interface MappingEntry {
  readonly key: EntryKey
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
