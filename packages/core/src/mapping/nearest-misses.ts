import type { BackendMode } from './backend-mode.ts'
import { distance } from '../document/did-you-mean.ts'
import type { Location } from '../errors/problem.ts'
import type { Identity } from '../identity/caller-identity.ts'
import { conditionThatFails } from './conditions.ts'
import type { BackendSnapshot } from './decide.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { ArnMismatch, entriesFor, findEntry, type MappingIndex } from './mapping-index.ts'
import { arnOf, arnParts, NearTable, type ArnParts } from './near-table.ts'
import { withoutRolePath } from './parse-arn.ts'

/** In what an entry is not for an identity that it is nearly for. The likelier ones come first. */
const KINDS = [
  /** It is for it, but holds a mistake, or a gate is closed: it is out of force. */
  'out_of_force',
  /** It stands under a data key of aws-auth that loads nothing, such as `maproles`. */
  'data_key',
  /** It is in a backend that is not asked. */
  'backend_not_asked',
  /** Its `principalid` is another one. */
  'principal_id',
  /** Its `sessionnames` do not fit. */
  'session_name',
  /** Its ARN has a path, which STS leaves out. */
  'role_path',
  /** It is for the user of that name, and the identity is a role; or the other way round. */
  'other_kind',
  /** It is for the same name in another account. */
  'other_account',
  /** It is for the same name and account in another partition. */
  'other_partition',
  /** Its name differs by a letter or two. */
  'similar_name',
] as const

export type NearMissKind = (typeof KINDS)[number]

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

/** A refusal may take in so many entries for those that come after it: a few milliseconds. */
const ENTRIES_AT_ONCE = 2_500

/** How long a name must be for two wrong letters to be a slip. */
const LONG_NAME = 12

const WRITTEN_ARN = /arn:[^\s"',}\]]+/g

/** What is looked up in an index beside its own tables; made when somebody is refused for the first time. */
interface NearIndex {
  readonly table: NearTable
  readonly unusable: ReadonlyMap<string, UnusableEntry>
  /** The ARNs of each data key that loads nothing. */
  readonly strays: readonly ReadonlySet<string>[]
}

const nearIndexes = new WeakMap<MappingIndex, NearIndex>()

function nearIndexOf(index: MappingIndex): NearIndex {
  const known = nearIndexes.get(index)
  if (known !== undefined) return known
  const made = {
    table: new NearTable(index),
    unusable: new Map(index.unusable.map((entry) => [entry.wouldBeFor, entry])),
    strays: index.strays.map(({ text }) => new Set(text.toLowerCase().match(WRITTEN_ARN))),
  }
  nearIndexes.set(index, made)
  return made
}

/** The ARNs by which entries may be for an identity: its own, and that of the permission set whose role it is. */
function writtenForms(arn: string): readonly string[] {
  const end = arn.lastIndexOf('_') + 1
  return arn.includes(':role/awsreservedsso_') ? [arn, arn.slice(0, end)] : [arn]
}

type Found = Omit<NearMiss, 'backend'>

function missOf(kind: NearMissKind, entry: MappingEntry, message: string): Found {
  const { path, location } = entry
  return { kind, path, location, entry, message: `${path} ${message}` }
}

/** What is for the identity, and not in force. */
function outOfForce(arn: string, index: MappingIndex, near: NearIndex): Found[] {
  const unusable = writtenForms(arn).flatMap((form) => near.unusable.get(form) ?? [])
  const strays = index.strays.filter((_, number) => near.strays[number]?.has(arn) === true)
  return [
    ...unusable.map(({ path, location, message }): Found => {
      return { kind: 'out_of_force', path, location, entry: null, message: `${path} is out of force: ${message}` }
    }),
    ...strays.map(({ path, location, message }): Found => {
      return { kind: 'data_key', path, location, entry: null, message }
    }),
  ]
}

/** Whose key is the identity's, and whose conditions are not. */
function unmetConditions(identity: Identity, index: MappingIndex): Found[] {
  const misses: Found[] = []
  for (const entry of entriesFor(index, identity)) {
    const kind = conditionThatFails(entry.conditions, identity)
    if (kind === null) continue
    const what = kind === 'principal_id' ? 'its principalid is another' : 'no pattern of its sessionnames fits'
    misses.push(missOf(kind, entry, `is for it, and ${what}`))
    if (misses.length >= MOST) break
  }
  return misses
}

function compare(arn: string, mine: ArnParts, entry: MappingEntry, userId: string): Found | null {
  const other = arnOf(entry)
  const theirs = other === null ? null : arnParts(other)
  if (other === null || theirs === null) return null
  if (other === arn) {
    const isOther = entry.key.type === 'userId' && entry.key.userId !== userId
    return isOther ? missOf('principal_id', entry, 'is for it, and its userid is another') : null
  }
  if (theirs.name === mine.name && theirs.kind === mine.kind) {
    if (theirs.account === mine.account) {
      const bare = withoutRolePath(other)
      return mine.kind === 'role/'
        ? missOf(
            'role_path',
            entry,
            `has a path in its ARN, which STS leaves out: write ${bare}, or open RolePathMatch`,
          )
        : missOf('similar_name', entry, `is for the user of that name with another path: ${other}`)
    }
    const [, partition, , , accountId] = theirs.account.split(':')
    const [, , , , ownId] = mine.account.split(':')
    if (accountId !== ownId) return missOf('other_account', entry, `is for that name in another account, ${accountId}`)
    return missOf('other_partition', entry, `is for that name in another partition, ${partition}`)
  }
  if (theirs.account !== mine.account) return null
  if (theirs.name === mine.name)
    return missOf('other_kind', entry, `is for the ${theirs.kind.slice(0, -1)} of that name`)
  if (theirs.kind !== mine.kind) return null
  const letters = distance(mine.name.slice(0, 64), theirs.name.slice(0, 64))
  if (letters > (mine.name.length >= LONG_NAME ? 2 : 1)) return null
  return missOf(
    'similar_name',
    entry,
    `is for ${theirs.kind}${theirs.name}, which differs by ${letters === 1 ? 'a letter' : 'two letters'}`,
  )
}

/** Whose ARN is nearly the identity's. */
function similarArns(arn: string, userId: string, { table }: NearIndex): Found[] {
  const found = new Map<MappingEntry, Found>()
  for (const form of writtenForms(arn)) {
    const mine = arnParts(form)
    if (mine === null) continue
    for (const entries of [table.withName(mine.name), table.withHalfOf(mine)]) {
      for (const entry of entries) {
        const miss = found.has(entry) ? null : compare(form, mine, entry, userId)
        if (miss !== null) found.set(entry, miss)
        if (found.size > MOST * MOST) return [...found.values()]
      }
    }
  }
  return [...found.values()]
}

/**
 * The entries that are nearly for an identity that no entry is for: the likeliest first, three at most.
 *
 * Whoever has an AWS account can be refused as often as they like, so that a refusal costs little however many entries there
 * are: a few look-ups, and a bounded number of comparisons. The table for that is filled by the refusals themselves, some
 * entries each, so that with very many entries the first few may miss one.
 *
 * @param backends Those that were asked.
 * @param others Those that are known and were not asked.
 * @param entriesAtOnce How many entries are taken into the table by this call.
 */
export function nearestMisses(
  identity: Identity,
  backends: readonly BackendSnapshot[],
  others: readonly BackendSnapshot[] = [],
  entriesAtOnce: number = ENTRIES_AT_ONCE,
): readonly NearMiss[] {
  const arn = identity.canonicalArn.toLowerCase()
  const misses: NearMiss[] = []
  for (const { mode, index } of others) {
    const entry = index === null ? undefined : findEntry(index, identity)
    if (entry === undefined || entry instanceof ArnMismatch) continue
    const found = missOf('backend_not_asked', entry, `is for it, and ${mode} is not one of the backends`)
    misses.push({ ...found, backend: mode, message: `${mode} ${found.message}` })
  }
  for (const { mode, index } of backends) {
    if (index === null) continue
    const near = nearIndexOf(index)
    near.table.advance(entriesAtOnce)
    const found = [
      ...outOfForce(arn, index, near),
      ...unmetConditions(identity, index),
      ...similarArns(arn, identity.userId, near),
    ]
    for (const miss of found) misses.push({ ...miss, backend: mode, message: `${mode} ${miss.message}` })
  }
  return misses.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)).slice(0, MOST)
}
