import type { Location } from '../errors/problem.ts'
import type { Identity } from '../identity/caller-identity.ts'
import { conditionThatFails } from './conditions.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { matchesGlob } from './glob.ts'

/** A data key that is not read, because its name differs in case from one that is. */
export interface MisspelledKey {
  readonly path: string
  readonly location: Location
  readonly message: string
  /** Its text, not parsed. */
  readonly text: string
}

/** The lists of one source of mappings. */
export interface MappingLists {
  readonly roles: readonly MappingEntry[]
  readonly users: readonly MappingEntry[]
  readonly accounts: readonly string[]
  /** Rejected entries. They never match, but explain why an identity is not mapped. */
  readonly unusable?: readonly UnusableEntry[]
  readonly misspelledKeys?: readonly MisspelledKey[]
}

/** The mappings of one backend by key. Exact keys are found in constant time. */
export interface MappingIndex {
  readonly rolesByArn: ReadonlyMap<string, MappingEntry>
  readonly rolesBySso: ReadonlyMap<string, MappingEntry>
  readonly rolesByUserId: ReadonlyMap<string, MappingEntry>
  readonly usersByArn: ReadonlyMap<string, MappingEntry>
  readonly usersByUserId: ReadonlyMap<string, MappingEntry>
  /** The entries that are found by user id, by their ARN; empty for those without one. */
  readonly userIdByArn: ReadonlyMap<string, MappingEntry>
  /** The entry of the same key to check next if the conditions of this one are not met. */
  readonly nextForKey: ReadonlyMap<MappingEntry, MappingEntry>
  /** Entries with patterns by account and kind, in order. */
  readonly patterns: ReadonlyMap<string, readonly MappingEntry[]>
  readonly accounts: ReadonlySet<string>
  readonly unusable: readonly UnusableEntry[]
  readonly misspelledKeys: readonly MisspelledKey[]
}

export const EMPTY_INDEX: MappingIndex = {
  rolesByArn: new Map(),
  rolesBySso: new Map(),
  rolesByUserId: new Map(),
  usersByArn: new Map(),
  usersByUserId: new Map(),
  userIdByArn: new Map(),
  nextForKey: new Map(),
  patterns: new Map(),
  accounts: new Set(),
  unusable: [],
  misspelledKeys: [],
}

/** The key in `rolesBySso`. AWS ends the names of these roles with characters other than an underscore. */
function ssoPrefix(arn: string): string {
  const end = arn.lastIndexOf('_') + 1
  return arn.includes('/', end) ? '' : arn.slice(0, end)
}

/** The key in `patterns`. */
function patternPrefix(arn: string): string {
  return arn.slice(0, arn.indexOf('/') + 1)
}

/** The properties of an identity that entries match. */
type Caller = Pick<Identity, 'canonicalArn' | 'userId' | 'sessionName' | 'web'>

/**
 * The entries whose key matches an identity, regardless of their conditions, in order of precedence: exact keys before patterns, roles
 * before users.
 */
export function* entriesFor(index: MappingIndex, { canonicalArn, userId }: Caller): Generator<MappingEntry> {
  const arn = canonicalArn.toLowerCase()
  const { rolesByArn, rolesBySso, rolesByUserId, usersByArn, usersByUserId, nextForKey, patterns } = index
  for (const first of [
    rolesByArn.get(arn),
    rolesBySso.get(ssoPrefix(arn)),
    rolesByUserId.get(userId),
    usersByArn.get(arn),
    usersByUserId.get(userId),
  ]) {
    for (let entry = first; entry !== undefined; entry = nextForKey.get(entry)) yield entry
  }
  const prefix = patternPrefix(arn)
  const rest = arn.slice(prefix.length)
  for (const entry of patterns.get(prefix) ?? []) {
    if (entry.key.type === 'like' && matchesGlob(entry.key.glob, rest)) yield entry
  }
}

/** An entry that has the user id of the identity and a different ARN. */
export class ArnMismatch {
  readonly entry: MappingEntry
  constructor(entry: MappingEntry) {
    this.entry = entry
  }
}

/**
 * An entry that names a session or a unique id, which a JWT does not tell. It may or may not be for the identity, so nothing after it may
 * decide: that could grant more than the presigned token of the same session gets.
 */
export class UndecidedMatch {
  readonly entry: MappingEntry
  /** The key of the entry that can't be compared. */
  readonly key: 'principalid' | 'sessionnames' | 'userid'

  constructor(entry: MappingEntry, key: UndecidedMatch['key']) {
    this.entry = entry
    this.key = key
  }
}

function firstMatch(entries: Iterable<MappingEntry>, caller: Caller): MappingEntry | UndecidedMatch | undefined {
  for (const entry of entries) {
    const failed = conditionThatFails(entry.conditions, caller)
    if (failed === null) return entry
    if (caller.web !== undefined && failed === 'principalId') return new UndecidedMatch(entry, 'principalid')
    if (caller.web !== undefined && failed === 'sessionNames') return new UndecidedMatch(entry, 'sessionnames')
  }
  return undefined
}

/** The entry that applies to an identity. */
export function findEntry(
  index: MappingIndex,
  caller: Caller,
): MappingEntry | ArnMismatch | UndecidedMatch | undefined {
  const entry = firstMatch(entriesFor(index, caller), caller)
  if (entry instanceof UndecidedMatch) return entry
  if (entry === undefined && caller.web !== undefined) {
    const byId = index.userIdByArn.get(caller.canonicalArn.toLowerCase()) ?? index.userIdByArn.get('')
    return byId === undefined ? undefined : new UndecidedMatch(byId, 'userid')
  }
  if (entry?.key.type !== 'userId' || entry.key.arn === null) return entry
  return entry.key.arn === caller.canonicalArn.toLowerCase() ? entry : new ArnMismatch(entry)
}
