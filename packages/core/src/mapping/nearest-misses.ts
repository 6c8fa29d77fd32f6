import { arnOf, arnParts, type ArnParts } from './arn-parts.ts'
import type { BackendMode } from './backend-mode.ts'
import { distance } from '../document/did-you-mean.ts'
import type { Location } from '../errors/problem.ts'
import type { Identity } from '../identity/caller-identity.ts'
import { conditionThatFails, type FailedCondition } from './conditions.ts'
import type { BackendSnapshot } from './decide.ts'
import type { Conditions, MappingEntry, UnusableEntry } from './entry.ts'
import { jwtConditionNames, tagThatFails } from './jwt-conditions.ts'
import { ArnMismatch, entriesFor, findEntry, UndecidedMatch, type MappingIndex } from './mapping-index.ts'
import { withoutRolePath } from './parse-arn.ts'

/** Kinds of near misses, the likeliest first. */
const KINDS = [
  /** It names the identity but is rejected: it has an error, or needs a feature gate that is off. */
  'rejected',
  /** It is under a data key of aws-auth that is not read, such as `maproles`. */
  'data_key',
  /** It is in a backend that is not enabled. */
  'backend_not_asked',
  /** Its `principalid` is a different one. */
  'principal_id',
  /** Its `sessionnames` do not match. */
  'session_name',
  /** It applies to JWTs only, and the identity is that of a presigned token. */
  'jwt_only',
  /** Its `principalTags` differ. */
  'principal_tags',
  /** Its `orgId` is a different one. */
  'org_id',
  /** Its `ouPath` does not match. */
  'ou_path',
  /** Its `sourceIdentity` does not match. */
  'source_identity',
  /** Its ARN has a path, which STS omits. */
  'role_path',
  /** It names the user of that name and the identity is a role, or the reverse. */
  'other_kind',
  /** It names the same name in another account. */
  'other_account',
  /** It names the same name and account in another partition. */
  'other_partition',
  /** Its name differs by one or two letters. */
  'similar_name',
] as const

type NearMissKind = (typeof KINDS)[number]

/** An entry that almost matches an identity. */
export interface NearMiss {
  readonly kind: NearMissKind
  readonly backend: BackendMode
  /** The path of the entry or data key, such as `mapRoles[3]`. */
  readonly path: string
  readonly location: Location
  /** Null if it is not active. */
  readonly entry: MappingEntry | null
  /** The difference and the fix, such as `EKSConfigMap mapRoles[3] …`. May contain ARNs and account ids. */
  readonly message: string
}

/** The number of near misses that are returned. More would hide the one that is meant. */
const MAX_MISSES = 3

/** The number of names of similar length that one refusal compares. */
const MAX_COMPARED = 1_000

/** The number of entries of one name that are compared. */
const MAX_WITH_NAME = 64

/** The length from which a name may differ by two letters instead of one. */
const LONG_NAME = 12

/** Shorter names resemble too many others. */
const MIN_SIMILAR_LENGTH = 3

const WRITTEN_ARN = /arn:[^\s"',}\]]+/g

/** An entry and its ARN. */
interface Candidate extends ArnParts {
  readonly arn: string
  readonly entry: MappingEntry
}

/** The entries of an index by what they almost match. Built for the first refusal. */
interface NearIndex {
  readonly byName: ReadonlyMap<string, readonly Candidate[]>
  /** By {@link lengthKey}. */
  readonly byLength: ReadonlyMap<string, readonly Candidate[]>
  readonly unusable: ReadonlyMap<string, UnusableEntry>
  /** The ARNs of each data key that is not read. */
  readonly misspelledKeys: readonly ReadonlySet<string>[]
}

const nearIndexes = new WeakMap<MappingIndex, NearIndex>()

function lengthKey({ account, kind }: ArnParts, length: number): string {
  return `${account}${kind}${length}`
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

/** Indexes the names of all entries. Takes about a microsecond for each. */
function indexNames({
  rolesByArn,
  usersByArn,
  rolesBySso,
  rolesByUserId,
  usersByUserId,
}: MappingIndex): Pick<NearIndex, 'byName' | 'byLength'> {
  const byName = new Map<string, Candidate[]>()
  const byLength = new Map<string, Candidate[]>()
  for (const table of [rolesByArn, usersByArn, rolesBySso, rolesByUserId, usersByUserId]) {
    for (const entry of table.values()) {
      const arn = arnOf(entry)
      const parts = arn === null ? null : arnParts(arn)
      if (arn === null || parts === null) continue
      const candidate = { ...parts, arn, entry }
      append(byName, parts.name, candidate)
      append(byLength, lengthKey(parts, parts.name.length), candidate)
    }
  }
  return { byName, byLength }
}

function nearIndexOf(index: MappingIndex): NearIndex {
  const known = nearIndexes.get(index)
  if (known !== undefined) return known
  const made = {
    ...indexNames(index),
    unusable: new Map(index.unusable.map((entry) => [entry.wouldMatch, entry])),
    misspelledKeys: index.misspelledKeys.map(({ text }) => new Set(text.toLowerCase().match(WRITTEN_ARN))),
  }
  nearIndexes.set(index, made)
  return made
}

/** The ARNs by which an entry can name an identity: its own, and the prefix of its permission set if it is the role of one. */
function writtenForms(arn: string): readonly string[] {
  const end = arn.lastIndexOf('_') + 1
  return arn.includes(':role/awsreservedsso_') ? [arn, arn.slice(0, end)] : [arn]
}

type Found = Omit<NearMiss, 'backend'>

function missOf(kind: NearMissKind, entry: MappingEntry, message: string): Found {
  const { path, location } = entry
  return { kind, path, location, entry, message: `${path} ${message}` }
}

/** Rejected entries, and data keys that are not read, that name the identity. */
function rejectedEntries(arn: string, index: MappingIndex, near: NearIndex): Found[] {
  const unusable = writtenForms(arn).flatMap((form) => near.unusable.get(form) ?? [])
  const misspelledKeys = index.misspelledKeys.filter((_, number) => near.misspelledKeys[number]?.has(arn) === true)
  return [
    ...unusable.map(({ path, location, message }): Found => {
      return { kind: 'rejected', path, location, entry: null, message: `${path} is rejected: ${message}` }
    }),
    ...misspelledKeys.map(({ path, location, message }): Found => {
      return { kind: 'data_key', path, location, entry: null, message }
    }),
  ]
}

const UNMET: Readonly<Record<FailedCondition, readonly [kind: NearMissKind, message: string]>> = {
  principalId: ['principal_id', 'its principalid differs'],
  sessionNames: ['session_name', 'none of its sessionnames matches'],
  jwt: ['jwt_only', 'it applies to AWS-signed JWTs only, because of its'],
  principalTags: ['principal_tags', 'its principalTags differ'],
  orgId: ['org_id', 'its orgId differs'],
  ouPath: ['ou_path', 'none of its ouPath matches'],
  sourceIdentity: ['source_identity', 'none of its sourceIdentity matches'],
}

/** The rest of the message about a condition that an identity does not meet. No claim of the JWT is repeated. */
function detailOf(failed: FailedCondition, conditions: Conditions, { web }: Identity): string {
  if (web === undefined) return failed === 'jwt' ? ` ${jwtConditionNames(conditions).join(', ')}` : ''
  const tag = tagThatFails(conditions, web)
  const missing: Readonly<Record<FailedCondition, string | false>> = {
    principalId: 'a JWT has no unique id',
    sessionNames: 'a JWT has no session name, use sourceIdentity',
    jwt: false,
    principalTags: tag !== undefined && !web.principalTags.has(tag) && 'the JWT has no such tag',
    orgId: web.orgId === undefined && 'the account is in no organization',
    ouPath: web.ouPaths.length === 0 && 'the account is in no organization',
    sourceIdentity: web.sourceIdentity === undefined && 'the JWT has no source identity',
  }
  const where = failed === 'principalTags' ? ` in ${tag}` : ''
  return missing[failed] === false ? where : `${where}: ${missing[failed]}`
}

/** Entries whose key matches the identity and whose conditions do not. */
function unmetConditions(identity: Identity, index: MappingIndex): Found[] {
  const misses: Found[] = []
  for (const entry of entriesFor(index, identity)) {
    const { conditions } = entry
    const failed = conditionThatFails(conditions, identity)
    if (failed === null || conditions === null) continue
    const [kind, message] = UNMET[failed]
    misses.push(missOf(kind, entry, `matches the ARN, but ${message}${detailOf(failed, conditions, identity)}`))
    if (misses.length >= MAX_MISSES) break
  }
  return misses
}

/** Compares an ARN with one of the same name. Null if account and kind both differ, or if the entry matches. */
function compareSameName(form: string, mine: ArnParts, candidate: Candidate, { userId, web }: Identity): Found | null {
  const { arn, account, kind, entry } = candidate
  if (arn === form) {
    const isOther = entry.key.type === 'userId' && entry.key.userId !== userId
    const detail = web === undefined ? '' : ': a JWT has no unique id'
    return isOther ? missOf('principal_id', entry, `matches the ARN, but its userid differs${detail}`) : null
  }
  if (kind !== mine.kind) {
    return account === mine.account ? missOf('other_kind', entry, `is for the ${kind.slice(0, -1)} of that name`) : null
  }
  if (account !== mine.account) {
    const [, partition, , , accountId] = account.split(':')
    const [, , , , ownId] = mine.account.split(':')
    if (accountId !== ownId) return missOf('other_account', entry, `is for that name in another account, ${accountId}`)
    return missOf('other_partition', entry, `is for that name in another partition, ${partition}`)
  }
  const fix = `write ${withoutRolePath(entry.principal)}, or set --feature-gates=RolePathMatch=true`
  return kind === 'role/'
    ? missOf('role_path', entry, `has a path in its ARN, which STS leaves out: ${fix}`)
    : missOf('similar_name', entry, `is for the user of that name with another path: ${entry.principal}`)
}

/** Compares an ARN with one of the same account and kind. Null if the names differ by too many letters. */
function compareSimilarName(mine: ArnParts, { name, entry }: Candidate): Found | null {
  const letters = distance(mine.name.slice(0, 64), name.slice(0, 64))
  if (letters > (mine.name.length >= LONG_NAME ? 2 : 1)) return null
  const difference = letters === 1 ? 'a letter' : 'two letters'
  return missOf('similar_name', entry, `is for ${entry.principal}, which differs by ${difference}`)
}

/** Returns whether two names share their first or last half. One wrong letter, or two swapped ones, leave one half unchanged. */
function sharesHalf(name: string, other: string): boolean {
  const half = Math.floor(other.length / 2)
  return name.startsWith(other.slice(0, half)) || name.endsWith(other.slice(half + 1))
}

/** Near misses of the same name, the last entries first. */
function* sameNames(form: string, mine: ArnParts, identity: Identity, { byName }: NearIndex): Generator<Found | null> {
  for (const candidate of byName.get(mine.name)?.slice(-MAX_WITH_NAME).toReversed() ?? []) {
    yield compareSameName(form, mine, candidate, identity)
  }
}

/** Near misses of the same account and kind whose names differ by few letters, the last entries first. */
function* similarNames(mine: ArnParts, { byLength }: NearIndex, maxCompared: number): Generator<Found | null> {
  const { length } = mine.name
  let compared = 0
  for (const wanted of [length, length - 1, length + 1]) {
    if (wanted < MIN_SIMILAR_LENGTH) continue
    for (const candidate of byLength.get(lengthKey(mine, wanted))?.toReversed() ?? []) {
      if (compared >= maxCompared) return
      compared += 1
      const isSimilar = candidate.name !== mine.name && sharesHalf(mine.name, candidate.name)
      if (isSimilar) yield compareSimilarName(mine, candidate)
    }
  }
}

/** Entries whose ARN is similar to the identity's. */
function similarArns(arn: string, identity: Identity, near: NearIndex, maxCompared: number): Found[] {
  const found: Found[] = []
  for (const form of writtenForms(arn)) {
    const mine = arnParts(form)
    if (mine === null) continue
    for (const misses of [sameNames(form, mine, identity, near), similarNames(mine, near, maxCompared)]) {
      for (const miss of misses) {
        const isNew = miss !== null && !found.some(({ entry }) => entry === miss.entry)
        if (isNew) found.push(miss)
        if (found.length > MAX_MISSES * MAX_MISSES) return found
      }
    }
  }
  return found
}

/**
 * Near misses: entries that almost match an unmapped identity, the likeliest first, three at most.
 *
 * Anyone with an AWS account can cause refusals, so their cost is bounded: the first refusal after a change indexes the entries, and each
 * compares a limited number of names. With very many entries of similar names, a near miss may be overlooked.
 *
 * @param backends The enabled backends.
 * @param others Backends that are known but not enabled.
 * @param maxCompared The number of names of similar length to compare.
 */
export function nearestMisses(
  identity: Identity,
  backends: readonly BackendSnapshot[],
  others: readonly BackendSnapshot[] = [],
  maxCompared: number = MAX_COMPARED,
): readonly NearMiss[] {
  const arn = identity.canonicalArn.toLowerCase()
  const misses: NearMiss[] = []
  for (const { mode, index } of others) {
    const entry = index === null ? undefined : findEntry(index, identity)
    if (entry === undefined || entry instanceof ArnMismatch || entry instanceof UndecidedMatch) continue
    const found = missOf('backend_not_asked', entry, `matches, but ${mode} is not one of the backends`)
    misses.push({ ...found, backend: mode, message: `${mode} ${found.message}` })
  }
  for (const { mode, index } of backends) {
    if (index === null) continue
    const near = nearIndexOf(index)
    const found = [
      ...rejectedEntries(arn, index, near),
      ...unmetConditions(identity, index),
      ...similarArns(arn, identity, near, maxCompared),
    ]
    for (const miss of found) misses.push({ ...miss, backend: mode, message: `${mode} ${miss.message}` })
  }
  return misses.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)).slice(0, MAX_MISSES)
}
