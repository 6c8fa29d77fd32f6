import { LocatedDocument, type Field } from '../document/located-document.ts'
import type { Problem } from '../errors/problem.ts'
import type { MappingLists, MisspelledKey } from './mapping-index.ts'
import type { EntryGates, EntryRules } from './parse-key.ts'
import { parseAccounts, parseEntries, type ParsedEntries } from './parse-lists.ts'

/** The data keys of aws-auth that are read. Their case matters. */
export const DATA_KEYS = ['mapRoles', 'mapUsers', 'mapAccounts'] as const
type DataKey = (typeof DATA_KEYS)[number]

/** The ways to write an empty list. */
const EMPTY: ReadonlySet<string> = new Set(['', '""', "''", '``'])

/** Returns whether the text of a data key stands for an empty list. */
export function isEmptyList(text: string): boolean {
  return EMPTY.has(text.trim())
}

/** The mappings of the ConfigMap aws-auth, and the problems of its data. */
export interface AwsAuth extends MappingLists {
  readonly problems: readonly Problem[]
}

/** The data of aws-auth, independent of earlier data. A list is null if its data key does not contain a list. */
export interface ReadAwsAuth {
  readonly roles: ParsedEntries | null
  readonly users: ParsedEntries | null
  readonly accounts: readonly string[] | null
  readonly misspelledKeys: readonly MisspelledKey[]
  readonly problems: readonly Problem[]
}

/** The data of a ConfigMap as the API server sends it. */
export type AwsAuthData = Readonly<Record<string, unknown>>

/** The feature gates that are open for the entries of aws-auth. */
export type AwsAuthGates = EntryGates & { readonly sso: boolean }

export const EMPTY_AWS_AUTH: AwsAuth = { roles: [], users: [], accounts: [], problems: [] }

/** The total length of the lists of aws-auth, in UTF-16 code units. */
export function awsAuthLength(data: AwsAuthData): number {
  return DATA_KEYS.reduce((sum, key) => sum + (typeof data[key] === 'string' ? data[key].length : 0), 0)
}

/** Reads one data key. Null, with a problem reported, if it does not contain a list. */
function readList<T>(
  text: unknown,
  key: DataKey,
  problems: Problem[],
  empty: T,
  read: (document: LocatedDocument, field: Field) => T | null,
): T | null {
  if (text === undefined) return empty
  if (typeof text === 'string' && isEmptyList(text)) return empty
  const listText = typeof text === 'string' ? text : JSON.stringify(text)
  const document = new LocatedDocument(listText, `aws-auth ${key}`)
  const list = document.unreadable ? null : read(document, { ...document.root, step: key })
  for (const problem of document.problems) problems.push(problem)
  if (list === null) {
    const message = 'holds no list that can be read: what it held before stays active'
    problems.push({ severity: 'warning', location: document.locationOf(document.root), path: key, message })
  }
  return list
}

/** Data keys that differ from those of aws-auth only in case. */
function findMisspelledKeys(data: AwsAuthData): readonly MisspelledKey[] {
  const location = { source: 'aws-auth', line: 1, column: 1 }
  return Object.entries(data).flatMap(([key, text]) => {
    const intended = DATA_KEYS.find((name) => name !== key && name.toLowerCase() === key.toLowerCase())
    if (intended === undefined) return []
    const message = `data key ${key} loads nothing: its name must be ${intended}`
    return [{ path: key, location, message, text: typeof text === 'string' ? text : '' }]
  })
}

/** Reads the data of aws-auth, independent of earlier data. An invalid entry does not affect the others. */
export function readAwsAuth(data: AwsAuthData, gates: AwsAuthGates): ReadAwsAuth {
  const problems: Problem[] = []
  const entries = (key: DataKey, kind: EntryRules['kind']): ParsedEntries | null => {
    const rules = { kind, ...gates, source: 'aws_auth', sessionArns: false } as const
    const empty = { entries: [], unusable: [] }
    return readList(data[key], key, problems, empty, (document, field) => parseEntries(document, field, rules))
  }
  const roles = entries('mapRoles', 'role')
  const users = entries('mapUsers', 'user')
  const accounts = readList<readonly string[]>(data['mapAccounts'], 'mapAccounts', problems, [], (document, field) =>
    parseAccounts(document, field, 'aws_auth'),
  )
  const misspelledKeys = findMisspelledKeys(data)
  for (const { path, location, message } of misspelledKeys)
    problems.push({ severity: 'warning', location, path, message })
  return { roles, users, accounts, misspelledKeys, problems }
}

/**
 * The mappings that are active after aws-auth was read. A data key that does not contain a list keeps its earlier mappings, so that a typo
 * does not lock users out. A data key that was removed loses its mappings.
 */
export function keepLastGood(
  { roles, users, accounts, misspelledKeys, problems }: ReadAwsAuth,
  before: MappingLists,
): AwsAuth {
  return {
    roles: roles?.entries ?? before.roles,
    users: users?.entries ?? before.users,
    accounts: accounts ?? before.accounts,
    unusable: [...(roles?.unusable ?? []), ...(users?.unusable ?? [])],
    misspelledKeys,
    problems,
  }
}

/** Reads the data of the ConfigMap `kube-system/aws-auth`. */
export function parseAwsAuth(data: AwsAuthData, before: MappingLists, gates: AwsAuthGates): AwsAuth {
  return keepLastGood(readAwsAuth(data, gates), before)
}
