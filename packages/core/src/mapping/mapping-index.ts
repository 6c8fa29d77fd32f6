import type { Problem } from '../configuration/problem.ts'
import type { Identity } from '../identity/caller-identity.ts'
import type { MappingEntry } from './entry.ts'

/** The lists of one source of mappings. */
export interface MappingLists {
  readonly roles: readonly MappingEntry[]
  readonly users: readonly MappingEntry[]
  readonly accounts: readonly string[]
}

/** The mappings of one backend, ready for lookups whose cost does not grow with their number. Never changed, only replaced. */
export interface MappingIndex {
  readonly rolesByArn: ReadonlyMap<string, MappingEntry>
  readonly ssoRoles: readonly MappingEntry[]
  readonly usersByArn: ReadonlyMap<string, MappingEntry>
  readonly rolesByUserId: ReadonlyMap<string, MappingEntry>
  readonly usersByUserId: ReadonlyMap<string, MappingEntry>
  readonly accounts: ReadonlySet<string>
}

export const EMPTY_INDEX: MappingIndex = {
  rolesByArn: new Map(),
  ssoRoles: [],
  usersByArn: new Map(),
  rolesByUserId: new Map(),
  usersByUserId: new Map(),
  accounts: new Set(),
}

function indexBy(
  entries: readonly MappingEntry[],
  name: string,
  keyOf: (key: MappingEntry['key']) => string | null,
  problems: Problem[],
): ReadonlyMap<string, MappingEntry> {
  const index = new Map<string, MappingEntry>()
  for (const entry of entries) {
    const key = keyOf(entry.key)
    if (key === null) continue
    const earlier = index.get(key)
    if (earlier !== undefined) {
      const message = `is for the same ${name} as ${entry.path}, ${key}, and has no effect: the later one wins; remove one of the two`
      problems.push({ severity: 'warning', location: earlier.location, path: earlier.path, message })
    }
    index.set(key, entry)
  }
  return index
}

function byArn(entries: readonly MappingEntry[], problems: Problem[]): ReadonlyMap<string, MappingEntry> {
  return indexBy(entries, 'ARN', (key) => (key.type === 'arn' ? key.arn : null), problems)
}

function byUserId(entries: readonly MappingEntry[], problems: Problem[]): ReadonlyMap<string, MappingEntry> {
  return indexBy(entries, 'user id', (key) => (key.type === 'userId' ? key.userId : null), problems)
}

/** Builds the index of a backend, with a warning for each entry that a later one for the same ARN puts out of force. */
export function indexMappings(lists: MappingLists): {
  readonly index: MappingIndex
  readonly problems: readonly Problem[]
} {
  const problems: Problem[] = []
  const index = {
    rolesByArn: byArn(lists.roles, problems),
    // The later entry wins, as among ARNs.
    ssoRoles: lists.roles.filter((entry) => entry.key.type === 'sso').reverse(),
    usersByArn: byArn(lists.users, problems),
    rolesByUserId: byUserId(lists.roles, problems),
    usersByUserId: byUserId(lists.users, problems),
    accounts: new Set(lists.accounts),
  }
  return { index, problems }
}

/** An entry has the identity's user id, and the ARN of someone else. */
export class ArnMismatch {
  readonly entry: MappingEntry
  constructor(entry: MappingEntry) {
    this.entry = entry
  }
}

/** The entry for an identity: roles first, then users. */
export function findEntry(
  index: MappingIndex,
  { canonicalArn, userId }: Pick<Identity, 'canonicalArn' | 'userId'>,
): MappingEntry | ArnMismatch | undefined {
  const arn = canonicalArn.toLowerCase()
  const found =
    index.rolesByArn.get(arn) ??
    index.ssoRoles.find(({ key }) => key.type === 'sso' && key.pattern.test(arn)) ??
    index.rolesByUserId.get(userId) ??
    index.usersByArn.get(arn) ??
    index.usersByUserId.get(userId)
  if (found?.key.type !== 'userId' || found.key.arn === null || found.key.arn === arn) return found
  return new ArnMismatch(found)
}
