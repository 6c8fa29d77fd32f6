import type { BackendMode } from '../configuration/backend-mode.ts'
import type { Location } from '../configuration/problem.ts'
import type { Identity } from '../identity/caller-identity.ts'
import type { BackendSnapshot } from './decide.ts'
import type { MappingEntry } from './entry.ts'
import { withoutRolePath } from './parse-arn.ts'

/** In what an entry is not for an identity that it is nearly for. */
export type NearMissKind =
  /** It is for it, but holds a mistake, or a gate is closed: it is out of force. */
  | 'out_of_force'
  /** It stands under a data key of aws-auth that loads nothing, such as `maproles`. */
  | 'data_key'
  /** It is in a backend that is not asked. */
  | 'backend_not_asked'
  /** Its `principalid` is another one. */
  | 'principal_id'
  /** Its `sessionnames` do not fit. */
  | 'session_name'
  /** Its ARN has a path, which STS leaves out. */
  | 'role_path'
  /** It is for the user of that name, and the identity is a role; or the other way round. */
  | 'other_kind'
  /** It is for the same name in another account. */
  | 'other_account'
  /** It is for the same name and account in another partition. */
  | 'other_partition'
  /** Its name differs by a letter or two. */
  | 'similar_name'

/** An entry that is nearly for an identity. */
export interface NearMiss {
  readonly kind: NearMissKind
  readonly backend: BackendMode
  /** Which entry or data key, such as `mapRoles[3]`. */
  readonly path: string
  readonly location: Location
  /** Null where it is not in force. */
  readonly entry: MappingEntry | null
  /** What is the matter and what to do, such as `EKSConfigMap mapRoles[3] …`; may hold ARNs and account ids. */
  readonly message: string
}

/** More would bury the one that is meant. */
const MOST = 3

/**
 * The entries that are nearly for an identity that no entry is for: the likeliest first, three at most.
 *
 * @param backends Those that were asked.
 * @param others Those that are known and were not asked.
 */
export function nearestMisses(
  identity: Identity,
  backends: readonly BackendSnapshot[],
  others: readonly BackendSnapshot[] = [],
): readonly NearMiss[] {
  const arn = identity.canonicalArn.toLowerCase()
  const misses: NearMiss[] = []
  for (const { mode, index } of others) {
    const entry = index?.rolesByArn.get(arn) ?? index?.usersByArn.get(arn)
    if (entry === undefined) continue
    const message = `${mode} ${entry.path} is for it, and ${mode} is not in --backend-mode`
    misses.push({
      kind: 'backend_not_asked',
      backend: mode,
      path: entry.path,
      location: entry.location,
      entry,
      message,
    })
  }
  for (const { mode, index } of backends) {
    for (const entry of index?.rolesByArn.values() ?? []) {
      if (entry.key.type !== 'arn' || entry.key.arn === arn || withoutRolePath(entry.key.arn) !== arn) continue
      const message = `${mode} ${entry.path} has a path in its ARN; STS never tells paths: remove it`
      misses.push({ kind: 'role_path', backend: mode, path: entry.path, location: entry.location, entry, message })
    }
  }
  return misses.slice(0, MOST)
}
