import type { LogFields } from '@aws-iam-authenticator/core/log/log'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'
import type { Verified } from './verify.ts'

/** A login that is let in. */
export interface Grant {
  readonly user: UserInfo
  /** What of the user may be logged. */
  readonly told: UserInfo
  readonly mapped: Mapped
  readonly fields: LogFields
}

/** Grants to tokens that are remembered. */
interface Grants {
  /** The grant to this token, where the mappings in force are still those by which it was given. */
  recall(verified: Verified): Grant | undefined
  /** Begins a decision: to be told of the grant that comes of it. */
  begin(): (verified: Verified, grant: Grant) => void
}

/**
 * Keeps what a token was let in as. A decision is a pure function of an identity and of indexes that never change, so that the
 * same objects give the same again: to compare them takes the place of looking up, filling templates and rendering.
 *
 * @param indexes The indexes in force, of all backends in their order.
 */
export function createGrants(indexes: () => readonly unknown[]): Grants {
  const grants = new WeakMap<Verified, { readonly by: readonly unknown[]; readonly grant: Grant }>()
  return {
    recall: (verified) => {
      const found = grants.get(verified)
      if (found === undefined) return undefined
      const now = indexes()
      const { by, grant } = found
      return by.length === now.length && by.every((index, at) => index === now[at]) ? grant : undefined
    },
    begin: () => {
      const by = indexes()
      return (verified, grant) => void grants.set(verified, { by, grant })
    },
  }
}
