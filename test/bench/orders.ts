import { isRecord } from '@aws-iam-authenticator/core/untrusted'

/** What the cluster of the bench is told to do. */
export type Order =
  /** Replaces aws-auth: the bench's user by this name, after others up to so many bytes whose names begin so. */
  | { readonly order: 'aws-auth'; readonly username: string; readonly bytes: number; readonly others: string }
  /** Puts the IAMIdentityMapping of the bench's user. */
  | { readonly order: 'mapping'; readonly username: string }
  /** Puts so many IAMIdentityMappings of other people. */
  | { readonly order: 'mappings'; readonly count: number }

export function isOrder(value: unknown): value is Order {
  return isRecord(value) && typeof value['order'] === 'string'
}
