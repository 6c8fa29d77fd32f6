import type { LogFields } from '@aws-iam-authenticator/core/log/log'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'
import type { Verified } from './verify.ts'

/** A granted login. */
export interface CachedGrant {
  readonly user: UserInfo
  /** The user as it may be logged. */
  readonly loggedUser: UserInfo
  readonly mapped: Mapped
  readonly fields: LogFields
}

/** The grants of cached tokens. */
interface Grants {
  /** Returns the grant of a token, if the active mappings have not changed since. */
  recall(verified: Verified): CachedGrant | undefined
  /** Must be called before a decision; returns a function that stores the resulting grant. */
  begin(): (verified: Verified, grant: CachedGrant) => void
}

/**
 * Caches grants by token. A decision is a pure function of an identity and of immutable indexes, so that the same objects give the same
 * decision. To compare them is cheaper than to match entries, fill in templates and render the user again.
 *
 * @param indexes The active indexes of all backends, in their order.
 */
export function createGrants(indexes: () => readonly unknown[]): Grants {
  const grants = new WeakMap<Verified, { readonly by: readonly unknown[]; readonly grant: CachedGrant }>()
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
