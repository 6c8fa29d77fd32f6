import type { Problem } from '../errors/problem.ts'
import { splitCovered } from './chain.ts'
import { covers } from './conditions.ts'
import type { EntryKey, MappingEntry } from './entry.ts'
import type { MappingIndex, MappingLists } from './mapping-index.ts'

/** The index of one backend, and a warning for each entry that never applies. */
interface IndexedMappings {
  readonly index: MappingIndex
  readonly problems: readonly Problem[]
}

type Table = Map<string, MappingEntry>

function warning({ location, path }: MappingEntry, message: string): Problem {
  return { severity: 'warning', location, path, message: `${message}; remove one of the two` }
}

/** Builds tables of entries. Of two entries with the same key, the later one comes first. */
class TableBuilder {
  readonly problems: Problem[] = []
  readonly nextForKey = new Map<MappingEntry, MappingEntry>()
  /** The keys of each table that have more than one entry. */
  readonly #groups = new Map<Table, Map<string, MappingEntry[]>>()

  add(table: Table, key: string, entry: MappingEntry): void {
    const earlier = table.get(key)
    table.set(key, entry)
    if (earlier === undefined) return
    const groups = this.#groups.get(table) ?? new Map<string, MappingEntry[]>()
    this.#groups.set(table, groups)
    const group = groups.get(key) ?? [earlier]
    group.push(entry)
    groups.set(key, group)
  }

  /** Links the entries of each key, and warns about those that never apply. */
  link(table: Table, name: string): void {
    for (const [key, group] of this.#groups.get(table) ?? []) {
      const { chain, covered } = splitCovered(group.toReversed())
      for (const [index, entry] of chain.entries()) {
        const next = chain[index + 1]
        if (next !== undefined) this.nextForKey.set(entry, next)
      }
      for (const { entry, by } of covered.toReversed()) {
        const message = `is for the same ${name} as ${by.path}, ${key}, and has no effect: the later one wins`
        this.problems.push(warning(entry, message))
      }
    }
  }
}

/** Warns about users that have the ARN of a role, because roles come first. */
function warnOfSharedArns(roles: Table, users: Table, builder: TableBuilder): void {
  const [few, many] = roles.size < users.size ? [roles, users] : [users, roles]
  for (const arn of few.keys()) {
    const role = many.has(arn) ? roles.get(arn) : undefined
    const user = users.get(arn)
    if (role === undefined || user === undefined || !covers(role.conditions, user.conditions)) continue
    const message = `is for the same ARN as ${role.path}, ${arn}, and has no effect: mapRoles comes before mapUsers`
    builder.problems.push(warning(user, message))
  }
}

/** Groups entries with patterns by account and kind. Of two with the same pattern, the first one wins. */
function indexPatterns(entries: readonly MappingEntry[], problems: Problem[]): MappingIndex['patterns'] {
  const patterns = new Map<string, MappingEntry[]>()
  const firsts = new Map<string, MappingEntry>()
  for (const entry of entries) {
    if (entry.key.type !== 'like') continue
    const { prefix, glob } = entry.key
    const list = patterns.get(prefix) ?? []
    patterns.set(prefix, list)
    list.push(entry)
    const first = firsts.get(prefix + glob)
    if (first === undefined) firsts.set(prefix + glob, entry)
    else if (covers(first.conditions, entry.conditions)) {
      const message = `has the same pattern as ${first.path}, ${prefix}${glob}, and has no effect: the first one wins`
      problems.push(warning(entry, message))
    }
  }
  return patterns
}

function keyIn(key: EntryKey): string | null {
  if (key.type === 'arn') return key.arn
  if (key.type === 'sso') return key.prefix
  return key.type === 'userId' ? key.userId : null
}

function newTables(): Readonly<Record<'arn' | 'sso' | 'userId', Table>> {
  return { arn: new Map(), sso: new Map(), userId: new Map() }
}

/** Builds the index of a backend. */
export function indexMappings({ roles, users, accounts, unusable, misspelledKeys }: MappingLists): IndexedMappings {
  const builder = new TableBuilder()
  const roleTables = newTables()
  const userTables = newTables()
  const userIdByArn: Table = new Map()
  const patterns: MappingEntry[] = []
  for (const [entries, tables] of [
    [roles, roleTables],
    [users, userTables],
  ] as const) {
    for (const entry of entries) {
      const key = keyIn(entry.key)
      if (entry.key.type === 'userId') userIdByArn.set(entry.key.arn ?? '', entry)
      if (entry.key.type === 'like') patterns.push(entry)
      else if (key !== null) builder.add(tables[entry.key.type], key, entry)
    }
    builder.link(tables.arn, 'ARN')
    builder.link(tables.sso, 'permission set')
    builder.link(tables.userId, 'user id')
  }
  warnOfSharedArns(roleTables.arn, userTables.arn, builder)
  const index: MappingIndex = {
    rolesByArn: roleTables.arn,
    rolesBySso: roleTables.sso,
    rolesByUserId: roleTables.userId,
    usersByArn: userTables.arn,
    usersByUserId: userTables.userId,
    userIdByArn,
    nextForKey: builder.nextForKey,
    patterns: indexPatterns(patterns, builder.problems),
    accounts: new Set(accounts),
    unusable: unusable ?? [],
    misspelledKeys: misspelledKeys ?? [],
  }
  return { index, problems: builder.problems }
}
