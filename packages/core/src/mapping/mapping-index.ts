import type { Location } from '../configuration/problem.ts'
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

/** The first entry of a chain whose conditions hold. */
function firstThatFits(
  { otherwise }: MappingIndex,
  chain: MappingEntry | undefined,
  identity: Pick<Identity, 'userId' | 'sessionName'>,
): MappingEntry | undefined {
  let entry = chain
  while (entry !== undefined && conditionThatFails(entry.conditions, identity) !== null) entry = otherwise.get(entry)
  return entry
}

/** An entry has the identity's user id, and the ARN of someone else. */
export class ArnMismatch {
  readonly entry: MappingEntry
  constructor(entry: MappingEntry) {
    this.entry = entry
  }
}

/** What of an identity decides about entries. */
export type Caller = Pick<Identity, 'canonicalArn' | 'userId' | 'sessionName'>

/** The entry for an identity: those for one principal before patterns; roles before users. */
export function findEntry(index: MappingIndex, caller: Caller): MappingEntry | ArnMismatch | undefined {
  const arn = caller.canonicalArn.toLowerCase()
  const chosen = (chain: MappingEntry | undefined): MappingEntry | undefined => firstThatFits(index, chain, caller)
  const found =
    chosen(index.rolesByArn.get(arn)) ??
    chosen(index.rolesBySso.get(ssoPrefix(arn))) ??
    chosen(index.rolesByUserId.get(caller.userId)) ??
    chosen(index.usersByArn.get(arn)) ??
    chosen(index.usersByUserId.get(caller.userId))
  if (found === undefined) {
    const prefix = likePrefix(arn)
    const rest = arn.slice(prefix.length)
    return index.likes
      .get(prefix)
      ?.find(
        ({ key, conditions }) =>
          key.type === 'like' && matchesGlob(key.glob, rest) && conditionThatFails(conditions, caller) === null,
      )
  }
  if (found.key.type !== 'userId' || found.key.arn === null || found.key.arn === arn) return found
  return new ArnMismatch(found)
}
