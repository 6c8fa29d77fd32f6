import { LocatedDocument, type Field } from '../document/located-document.ts'
import type { Problem } from '../errors/problem.ts'
import type { MappingLists, StrayKey } from './mapping-index.ts'
import type { EntryGates, EntryRules } from './parse-key.ts'
import { parseAccounts, parseEntries, type ParsedEntries } from './parse-lists.ts'

/** The data keys of aws-auth that count, to the letter. */
export const DATA_KEYS = ['mapRoles', 'mapUsers', 'mapAccounts'] as const
type DataKey = (typeof DATA_KEYS)[number]

/** What people write for an empty list. */
const EMPTY: ReadonlySet<string> = new Set(['', '""', "''", '``'])

/** Whether a data key holds what people write for an empty list. */
export function isEmptyList(text: string): boolean {
  return EMPTY.has(text.trim())
}

/** The mappings of the ConfigMap aws-auth, and the problems of its data. */
export interface AwsAuth extends MappingLists {
  readonly problems: readonly Problem[]
}

/** The data of aws-auth by itself. A list is null if its data key holds no list. */
export interface ReadAwsAuth {
  readonly roles: ParsedEntries | null
  readonly users: ParsedEntries | null
  readonly accounts: readonly string[] | null
  readonly strays: readonly StrayKey[]
  readonly problems: readonly Problem[]
}

/** The data of a ConfigMap as the API server sends it. */
export type AwsAuthData = Readonly<Record<string, unknown>>

/** The feature gates that are open for the entries of aws-auth. */
export type AwsAuthGates = EntryGates & { readonly sso: boolean }

export const EMPTY_AWS_AUTH: AwsAuth = { roles: [], users: [], accounts: [], problems: [] }

/** The length of the lists of aws-auth in UTF-16 code units. */
export function awsAuthLength(data: AwsAuthData): number {
  return DATA_KEYS.reduce((sum, key) => sum + (typeof data[key] === 'string' ? data[key].length : 0), 0)
}

/** Reads one data key; null, after its problems, if it holds no list. */
function readList<T>(
  text: unknown,
  key: DataKey,
  problems: Problem[],
  none: T,
  read: (document: LocatedDocument, field: Field) => T | null,
): T | null {
  if (text === undefined) return none
  if (typeof text === 'string' && isEmptyList(text)) return none
  const written = typeof text === 'string' ? text : JSON.stringify(text)
  const document = new LocatedDocument(written, `aws-auth ${key}`)
  const list = document.unreadable ? null : read(document, { ...document.root, step: key })
  for (const problem of document.problems) problems.push(problem)
  if (list === null) {
    const message = 'holds no list that can be read: what it held before stays active'
    problems.push({ severity: 'warning', location: document.locationOf(document.root), path: key, message })
  }
  return list
}

/** Data keys that differ from those of aws-auth only in case. */
function strayKeys(data: AwsAuthData): readonly StrayKey[] {
  const location = { source: 'aws-auth', line: 1, column: 1 }
  return Object.entries(data).flatMap(([key, text]) => {
    const meant = DATA_KEYS.find((name) => name !== key && name.toLowerCase() === key.toLowerCase())
    if (meant === undefined) return []
    const message = `data key ${key} loads nothing: its name must be ${meant}`
    return [{ path: key, location, message, text: typeof text === 'string' ? text : '' }]
  })
}

/** Reads the data of aws-auth without knowing what it held before. A bad entry takes only itself away. */
export function readAwsAuth(data: AwsAuthData, gates: AwsAuthGates): ReadAwsAuth {
  const problems: Problem[] = []
  const entries = (key: DataKey, kind: EntryRules['kind']): ParsedEntries | null => {
    const rules = { kind, ...gates, sessionArns: false, commaLists: false }
    const none = { entries: [], unusable: [] }
    return readList(data[key], key, problems, none, (document, field) => parseEntries(document, field, rules))
  }
  const roles = entries('mapRoles', 'role')
  const users = entries('mapUsers', 'user')
  const accounts = readList<readonly string[]>(data['mapAccounts'], 'mapAccounts', problems, [], (document, field) =>
    parseAccounts(document, field, { quoteLeadingZeros: false, commaLists: false }),
  )
  const strays = strayKeys(data)
  for (const { path, location, message } of strays) problems.push({ severity: 'warning', location, path, message })
  return { roles, users, accounts, strays, problems }
}

/**
 * The mappings that are active after aws-auth was read. A data key that holds no list keeps what it held before: a typo must not lock people
 * out. A key that is gone is not a typo: its mappings go with it.
 */
export function keepLastGood({ roles, users, accounts, strays, problems }: ReadAwsAuth, before: MappingLists): AwsAuth {
  return {
    roles: roles?.entries ?? before.roles,
    users: users?.entries ?? before.users,
    accounts: accounts ?? before.accounts,
    unusable: [...(roles?.unusable ?? []), ...(users?.unusable ?? [])],
    strays,
    problems,
  }
}

/** Reads the data of the ConfigMap `kube-system/aws-auth`. */
export function parseAwsAuth(data: AwsAuthData, before: MappingLists, gates: AwsAuthGates): AwsAuth {
  return keepLastGood(readAwsAuth(data, gates), before)
}
