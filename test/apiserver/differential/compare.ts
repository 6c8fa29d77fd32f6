import { EMPTY_AWS_AUTH, parseAwsAuth, type AwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { AwsAuthData, ReferenceAnswer, ReferenceEntry } from './reference.ts'

/** A comparison of our reading of aws-auth with the reference's. */
export interface Comparison {
  /** Entries and accounts that we accept and the reference reads differently or not at all. */
  readonly faults: readonly string[]
  /** Principals that become another user here, because an entry that the reference accepts is rejected. */
  readonly uncovered: readonly string[]
  /** The number of entries and accounts that both accept. */
  readonly acceptedByBoth: number
  /** Entries and accounts that the reference accepts and we reject, such as `mapRoles[3]`. */
  readonly rejected: readonly string[]
  /** Entries that we accept although the reference drops their list, because JSON can't hold a value of another entry. */
  readonly kept: number
}

type EntryComparison = Omit<Comparison, 'uncovered' | 'kept'>

const ACCOUNT_ID = /^\d{12}$/
/** ARNs of identities that STS returns. */
const IDENTITY_ARN = /^arn:aws[a-z-]*:(?:iam|sts)::\d{12}:[a-z-]+\/[!-~]+$/i

/** Go compares ARNs by Unicode's simple case folding, which maps these two characters to ASCII: U+017F and (by lower case) U+212A. */
function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('\u017f', 's')
}

function ourKey({ key }: MappingEntry): string {
  if (key.type === 'arn') return foldCase(key.arn)
  return key.type === 'sso' ? foldCase(key.prefix) : JSON.stringify(key)
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function compareEntries(
  list: 'mapRoles' | 'mapUsers',
  ours: readonly MappingEntry[],
  theirs: readonly ReferenceEntry[],
): EntryComparison {
  const ourPaths = new Set(ours.map(({ path }) => path))
  const byPath = new Map(theirs.map((entry, index) => [`${list}[${index}]`, entry]))
  const faults = ours.flatMap((entry) => {
    const { username, groups, path } = entry
    const here = { arn: ourKey(entry), username, groups }
    const entryThere = byPath.get(path)
    const there = entryThere === undefined ? null : { ...entryThere, arn: foldCase(entryThere.arn) }
    return isSame(here, there) ? [] : [`${path}: here ${JSON.stringify(here)}, there ${JSON.stringify(there)}`]
  })
  const matching = [...byPath].filter(([, { arn }]) => IDENTITY_ARN.test(arn)).map(([path]) => path)
  const rejected = matching.filter((path) => !ourPaths.has(path))
  return { faults, rejected, acceptedByBoth: ours.length - faults.length }
}

function compareAccounts(ours: readonly string[], theirs: readonly string[]): EntryComparison {
  const [here, there] = [new Set(ours), new Set(theirs)]
  const onlyHere = ours.filter((account) => !there.has(account))
  const onlyThere = [...there].filter((account) => ACCOUNT_ID.test(account) && !here.has(account))
  return {
    faults: onlyHere.map((account) => `mapAccounts: ${account} is accepted only here`),
    rejected: onlyThere.map((account) => `mapAccounts: ${account}`),
    acceptedByBoth: ours.length - onlyHere.length,
  }
}

/** The entries that may decide about an ARN in the reference, which searches its maps in random order: roles first. */
function referenceEntries(arn: string, { roles, users }: ReferenceAnswer): readonly ReferenceEntry[] {
  // Of entries with the same key the last one stays. The key of a user keeps its case.
  const matching = (entries: readonly ReferenceEntry[], keyOf: (arn: string) => string): readonly ReferenceEntry[] => {
    const found = entries.filter((entry) => foldCase(entry.arn) === arn)
    return [...new Map(found.map((entry) => [keyOf(entry.arn), entry])).values()]
  }
  const found = matching(roles, (text) => text.toLowerCase())
  return found.length > 0 ? found : matching(users, (text) => text)
}

function compareLookups(ours: AwsAuth, theirs: ReferenceAnswer): readonly string[] {
  const { index } = indexMappings(ours)
  const arns = new Set([...ours.roles, ...ours.users].flatMap(({ key }) => (key.type === 'arn' ? [key.arn] : [])))
  return [...arns].flatMap((arn) => {
    const entry = findEntry(index, { canonicalArn: arn, userId: '', sessionName: '' })
    if (entry === undefined || !('username' in entry)) return []
    const here = { username: entry.username, groups: entry.groups }
    const there = referenceEntries(foldCase(arn), theirs).map(({ username, groups }) => ({ username, groups }))
    if (there.some((user) => isSame(user, here))) return []
    return [`${arn}: here ${JSON.stringify(here)}, there ${JSON.stringify(there)}`]
  })
}

/** Reads aws-auth and compares the result with what the reference reads in it. */
export function compare(data: AwsAuthData, theirs: ReferenceAnswer): Comparison {
  const ours = parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: true })
  const isDropped = (key: string): boolean => theirs.unconvertible.includes(key)
  const roles = isDropped('mapRoles') ? [] : ours.roles
  const users = isDropped('mapUsers') ? [] : ours.users
  const parts = [
    compareEntries('mapRoles', roles, theirs.roles),
    compareEntries('mapUsers', users, theirs.users),
    compareAccounts(ours.accounts, theirs.accounts),
  ]
  const faults = parts.flatMap((part) => part.faults)
  return {
    faults,
    uncovered: faults.length > 0 ? [] : compareLookups({ ...ours, roles, users }, theirs),
    acceptedByBoth: parts.reduce((sum, part) => sum + part.acceptedByBoth, 0),
    rejected: parts.flatMap((part) => part.rejected),
    kept: ours.roles.length - roles.length + ours.users.length - users.length,
  }
}
