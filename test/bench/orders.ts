import { isRecord } from '@aws-iam-authenticator/core/untrusted'

/** Orders to the cluster of the bench. */
export type Order =
  /** Replaces aws-auth: the bench's user with this name, after other users up to this number of bytes. */
  | { readonly order: 'aws-auth'; readonly username: string; readonly bytes: number; readonly others: string }
  /** Puts the IAMIdentityMapping of the bench's user. */
  | { readonly order: 'mapping'; readonly username: string }
  /** Puts this number of IAMIdentityMappings of other people. */
  | { readonly order: 'mappings'; readonly count: number }

export function isOrder(value: unknown): value is Order {
  return isRecord(value) && typeof value['order'] === 'string'
}
