import type { Location } from '../errors/problem.ts'
import type { Identity } from '../identity/caller-identity.ts'
import { conditionThatFails } from './conditions.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { matchesGlob } from './glob.ts'

/** A data key that loads nothing, since its name differs in case from one that would. */
export interface StrayKey {
  readonly path: string
  readonly location: Location
  readonly message: string
  /** What it holds, unread. */
  readonly text: string
}

/** The lists of one source of mappings. */
export interface MappingLists {
  readonly roles: readonly MappingEntry[]
  readonly users: readonly MappingEntry[]
  readonly accounts: readonly string[]
  /** What decides nothing, and can tell people why they are not mapped. */
  readonly unusable?: readonly UnusableEntry[]
  readonly strays?: readonly StrayKey[]
}

/** The mappings of one backend, ready for lookups whose cost does not grow with their number. */
export interface MappingIndex {
  readonly rolesByArn: ReadonlyMap<string, MappingEntry>
  readonly rolesBySso: ReadonlyMap<string, MappingEntry>
  readonly rolesByUserId: ReadonlyMap<string, MappingEntry>
  readonly usersByArn: ReadonlyMap<string, MappingEntry>
  readonly usersByUserId: ReadonlyMap<string, MappingEntry>
  /** Which entry for the same key has its turn where the conditions of this one do not hold. */
  readonly otherwise: ReadonlyMap<MappingEntry, MappingEntry>
  /** Entries with patterns by the account and kind that they are for, in their order. */
  readonly likes: ReadonlyMap<string, readonly MappingEntry[]>
  readonly accounts: ReadonlySet<string>
  readonly unusable: readonly UnusableEntry[]
  readonly strays: readonly StrayKey[]
}

export const EMPTY_INDEX: MappingIndex = {
  rolesByArn: new Map(),
  rolesBySso: new Map(),
  rolesByUserId: new Map(),
  usersByArn: new Map(),
  usersByUserId: new Map(),
  otherwise: new Map(),
  likes: new Map(),
  accounts: new Set(),
  unusable: [],
  strays: [],
}

/** The key in `rolesBySso`: AWS ends the names of their roles with signs without an underscore. */
function ssoPrefix(arn: string): string {
  const end = arn.lastIndexOf('_') + 1
  return arn.includes('/', end) ? '' : arn.slice(0, end)
}

/** The key in `likes`. */
function likePrefix(arn: string): string {
  return arn.slice(0, arn.indexOf('/') + 1)
}

/** What of an identity decides about entries. */
type Caller = Pick<Identity, 'canonicalArn' | 'userId' | 'sessionName'>

/**
 * The entries whose key is that of an identity, whatever their conditions, in the order in which they are asked: those for one
 * principal before patterns, roles before users.
 */
export function* entriesFor(index: MappingIndex, { canonicalArn, userId }: Caller): Generator<MappingEntry> {
  const arn = canonicalArn.toLowerCase()
  const { rolesByArn, rolesBySso, rolesByUserId, usersByArn, usersByUserId, otherwise, likes } = index
  for (const first of [
    rolesByArn.get(arn),
    rolesBySso.get(ssoPrefix(arn)),
    rolesByUserId.get(userId),
    usersByArn.get(arn),
    usersByUserId.get(userId),
  ]) {
    for (let entry = first; entry !== undefined; entry = otherwise.get(entry)) yield entry
  }
  const prefix = likePrefix(arn)
  const rest = arn.slice(prefix.length)
  for (const entry of likes.get(prefix) ?? []) {
    if (entry.key.type === 'like' && matchesGlob(entry.key.glob, rest)) yield entry
  }
}

/** An entry has the identity's user id, and the ARN of someone else. */
export class ArnMismatch {
  readonly entry: MappingEntry
  constructor(entry: MappingEntry) {
    this.entry = entry
  }
}

function firstThatHolds(entries: Iterable<MappingEntry>, caller: Caller): MappingEntry | undefined {
  for (const entry of entries) if (conditionThatFails(entry.conditions, caller) === null) return entry
  return undefined
}

/** The entry for an identity. */
export function findEntry(index: MappingIndex, caller: Caller): MappingEntry | ArnMismatch | undefined {
  const entry = firstThatHolds(entriesFor(index, caller), caller)
  if (entry?.key.type !== 'userId' || entry.key.arn === null) return entry
  return entry.key.arn === caller.canonicalArn.toLowerCase() ? entry : new ArnMismatch(entry)
}
