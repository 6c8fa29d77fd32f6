import type { Problem } from '../configuration/problem.ts'
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
  readonly accounts: ReadonlySet<string>
}

function byArn(entries: readonly MappingEntry[], problems: Problem[]): ReadonlyMap<string, MappingEntry> {
  const index = new Map<string, MappingEntry>()
  for (const entry of entries) {
    if (entry.key.type !== 'arn') continue
    const earlier = index.get(entry.key.arn)
    if (earlier !== undefined) {
      const message = `is for the same ARN as ${entry.path} and has no effect: the later one wins; remove one of the two`
      problems.push({ severity: 'warning', location: earlier.location, path: earlier.path, message })
    }
    index.set(entry.key.arn, entry)
  }
  return index
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
    accounts: new Set(lists.accounts),
  }
  return { index, problems }
}

/** The entry for a canonical ARN: roles first, then users. */
export function findEntry(index: MappingIndex, canonicalArn: string): MappingEntry | undefined {
  const arn = canonicalArn.toLowerCase()
  return (
    index.rolesByArn.get(arn) ??
    index.ssoRoles.find(({ key }) => key.type === 'sso' && key.pattern.test(arn)) ??
    index.usersByArn.get(arn)
  )
}
