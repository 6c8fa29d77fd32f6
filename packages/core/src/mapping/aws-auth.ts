import { documentSteps, type Field, type LocatedDocument } from '../configuration/located-document.ts'
import type { Problem } from '../configuration/problem.ts'
import { finish, type Steps } from '../steps.ts'
import type { MappingLists, StrayKey } from './mapping-index.ts'
import type { EntryGates, EntryRules } from './parse-key.ts'
import { entriesSteps, parseAccounts, regularEntriesSteps, type ParsedEntries } from './parse-lists.ts'
import { knownEntries, rereadSteps, type KnownEntries } from './reread.ts'

/** The data keys of aws-auth that count, to the letter. */
export const DATA_KEYS = ['mapRoles', 'mapUsers', 'mapAccounts'] as const
type DataKey = (typeof DATA_KEYS)[number]

/** What people write for an empty list. */
const EMPTY: ReadonlySet<string> = new Set(['', '""', "''", '``'])

/** Whether a data key holds what people write for an empty list. */
export function isEmptyList(text: string): boolean {
  return EMPTY.has(text.trim())
}

/** The mappings in force of the ConfigMap aws-auth, and what is wrong with its data. */
export interface AwsAuth extends MappingLists {
  readonly problems: readonly Problem[]
  /** What the next one may have in common with this one. */
  readonly known?: Partial<Readonly<Record<DataKey, KnownEntries>>>
}

/** Which gates are open for the entries of aws-auth. */
export type AwsAuthGates = EntryGates & { readonly sso: boolean }

export const EMPTY_AWS_AUTH: AwsAuth = { roles: [], users: [], accounts: [], problems: [] }

function sourceOf(key: DataKey): string {
  return `aws-auth ${key}`
}

/** Reads one data key; null, after its problems, where it holds no list at all. */
function* listSteps<T>(
  text: unknown,
  key: DataKey,
  problems: Problem[],
  none: T,
  read: (document: LocatedDocument, field: Field) => Steps<T | null>,
): Steps<T | null> {
  if (text === undefined) return none
  if (typeof text === 'string' && isEmptyList(text)) return none
  const written = typeof text === 'string' ? text : JSON.stringify(text)
  const document = yield* documentSteps(written, sourceOf(key))
  const list = document.unreadable ? null : yield* read(document, { ...document.root, step: key })
  for (const problem of document.problems) problems.push(problem)
  if (list === null) {
    const message = 'holds no list that can be read: what it held before stays in force'
    problems.push({ severity: 'warning', location: document.locationOf(document.root), path: key, message })
  }
  return list
}

function* accountsSteps(document: LocatedDocument, field: Field): Steps<readonly string[] | null> {
  yield
  return parseAccounts(document, field, { quoteLeadingZeros: false, commaLists: false })
}

/** {@link parseAwsAuth} in steps. */
export function* awsAuthSteps(
  data: Readonly<Record<string, unknown>>,
  before: MappingLists & Pick<AwsAuth, 'known'>,
  gates: AwsAuthGates,
): Steps<AwsAuth> {
  const problems: Problem[] = []
  const none: ParsedEntries = { entries: [], unusable: [] }
  const known: Partial<Record<DataKey, KnownEntries>> = {}
  const read = function* (key: DataKey, kind: EntryRules['kind']): Steps<ParsedEntries | null> {
    const text = data[key]
    const rules = { kind, ...gates, sessionArns: false, commaLists: false }
    if (typeof text === 'string') {
      const place = { source: sourceOf(key), key, rules }
      const earlier = before.known?.[key]
      const again = earlier === undefined ? null : yield* rereadSteps(earlier, text, place, gates)
      if (again !== null) {
        known[key] = again
        return { entries: again.entries, unusable: [] }
      }
      const regular = yield* regularEntriesSteps(text, place, earlier?.entries)
      if (regular !== null) {
        for (const problem of regular.problems) problems.push(problem)
        const next = knownEntries(text, regular, gates)
        if (next !== undefined) known[key] = next
        return regular
      }
    }
    return yield* listSteps(text, key, problems, none, (document, field) => entriesSteps(document, field, rules))
  }
  const roles = (yield* read('mapRoles', 'role')) ?? { entries: before.roles, unusable: [] }
  const users = (yield* read('mapUsers', 'user')) ?? { entries: before.users, unusable: [] }
  const listed = yield* listSteps<readonly string[]>(data['mapAccounts'], 'mapAccounts', problems, [], accountsSteps)
  const strays: StrayKey[] = []
  for (const [key, text] of Object.entries(data)) {
    const meant = DATA_KEYS.find((name) => name !== key && name.toLowerCase() === key.toLowerCase())
    if (meant === undefined) continue
    const location = { source: 'aws-auth', line: 1, column: 1 }
    const message = `data key ${key} loads nothing: its name must be ${meant}`
    problems.push({ severity: 'warning', location, path: key, message })
    if (typeof text === 'string') strays.push({ path: key, location, message, text })
  }
  return {
    roles: roles.entries,
    users: users.entries,
    accounts: listed ?? before.accounts,
    unusable: [...roles.unusable, ...users.unusable],
    strays,
    problems,
    known,
  }
}

/**
 * Reads the data of the ConfigMap `kube-system/aws-auth`.
 *
 * A bad entry takes only itself away. A data key that holds no list keeps what it held before: a typo must not lock people
 * out. A key that is gone is no typo: its mappings go with it.
 */
export function parseAwsAuth(
  data: Readonly<Record<string, unknown>>,
  before: MappingLists & Pick<AwsAuth, 'known'>,
  gates: AwsAuthGates,
): AwsAuth {
  return finish(awsAuthSteps(data, before, gates))
}
