import { entriesFor, type MappingIndex } from '../mapping/mapping-index.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import { ACCOUNT_CANDIDATE, jwtAccount, REFUSAL, type Candidate } from './candidate.ts'
import { globExpression, literal } from './cel.ts'

/** A backend with its candidates. An entry without one matches no JWT. */
export interface Backend {
  readonly index: MappingIndex
  readonly candidates: ReadonlyMap<MappingEntry, Candidate | null>
}

/** The candidates for all JWTs with one key, in order of precedence. The first one whose conditions are met counts. */
export interface Scope {
  /** A canonical ARN in lower case, the ARN of a permission set that ends in `_*`, or an account id. */
  readonly key: string
  readonly candidates: readonly Candidate[]
}

/**
 * Scopes from the most specific one. The first of them that has the key of a JWT contains all candidates for it, including those of the less
 * specific ones.
 */
export interface Scopes {
  readonly arns: readonly Scope[]
  readonly permissionSets: readonly Scope[]
  readonly accounts: readonly Scope[]
}

function* chainFrom(first: MappingEntry | undefined, { nextForKey }: MappingIndex): Generator<MappingEntry> {
  for (let entry = first; entry !== undefined; entry = nextForKey.get(entry)) yield entry
}

/** All entries of an index. */
export function* entriesOf(index: MappingIndex): Generator<MappingEntry> {
  const { rolesByArn, rolesBySso, rolesByUserId, usersByArn, usersByUserId, patterns } = index
  for (const table of [rolesByArn, rolesBySso, rolesByUserId, usersByArn, usersByUserId]) {
    for (const first of table.values()) yield* chainFrom(first, index)
  }
  for (const list of patterns.values()) yield* list
}

/** A candidate for a pattern, which not all JWTs of the scope match. */
function ofPattern({ key }: MappingEntry, candidate: Candidate): Candidate {
  if (key.type !== 'like') return candidate
  const condition = `arn.matches(${literal(globExpression(key.prefix + key.glob))})`
  return { ...candidate, conditions: [condition, ...candidate.conditions] }
}

/** Whether an entry that is found by user id may be for a JWT of this ARN; null for all JWTs of an account. */
function mayBeById({ userIdByArn }: MappingIndex, canonicalArn: string | null): boolean {
  return userIdByArn.has('') || (canonicalArn !== null && userIdByArn.has(canonicalArn))
}

/** The JWTs of a scope. */
interface ScopeOf {
  readonly accountId: string
  /** Null for all JWTs of an account. */
  readonly canonicalArn: string | null
}

/** The candidates of all backends, up to the first one that every JWT of the scope matches. */
function candidatesOf(
  backends: readonly Backend[],
  { accountId, canonicalArn }: ScopeOf,
  entriesIn: (index: MappingIndex) => Iterable<MappingEntry>,
  adapt: (entry: MappingEntry, candidate: Candidate) => Candidate = (_entry, candidate) => candidate,
): readonly Candidate[] {
  const found: Candidate[] = []
  for (const { index, candidates } of backends) {
    for (const entry of entriesIn(index)) {
      const candidate = candidates.get(entry) ?? null
      if (candidate === null) continue
      const adapted = adapt(entry, candidate)
      found.push(adapted)
      if (adapted.conditions.length === 0) return found
    }
    if (mayBeById(index, canonicalArn)) return [...found, REFUSAL]
    if (index.accounts.has(accountId)) return [...found, ACCOUNT_CANDIDATE]
  }
  return found
}

function keysOf(backends: readonly Backend[], keysIn: (index: MappingIndex) => Iterable<string>): readonly string[] {
  return [...new Set(backends.flatMap(({ index }) => [...keysIn(index)]))].toSorted()
}

/** The scopes of JWTs of some accounts. */
export function scopesOf(backends: readonly Backend[], accounts: ReadonlySet<string>): Scopes {
  const build = (
    keys: readonly string[],
    candidates: (key: string, accountId: string) => readonly Candidate[],
  ): Scope[] =>
    keys.flatMap((key) => {
      const accountId = jwtAccount(key)
      return accountId !== null && accounts.has(accountId) ? [{ key, candidates: candidates(key, accountId) }] : []
    })
  const arns = keysOf(backends, ({ rolesByArn, usersByArn, userIdByArn }) => [
    ...rolesByArn.keys(),
    ...usersByArn.keys(),
    ...userIdByArn.keys(),
  ])
  const prefixes = keysOf(backends, ({ rolesBySso }) => rolesBySso.keys())
  return {
    arns: build(arns, (canonicalArn, accountId) =>
      candidatesOf(backends, { accountId, canonicalArn }, (index) =>
        entriesFor(index, { canonicalArn, userId: '', sessionName: '' }),
      ),
    ),
    permissionSets: build(prefixes, (prefix, accountId) => {
      const kind = prefix.slice(0, prefix.indexOf('/') + 1)
      const entriesIn = (index: MappingIndex): Iterable<MappingEntry> => [
        ...chainFrom(index.rolesBySso.get(prefix), index),
        ...(index.patterns.get(kind) ?? []),
      ]
      return candidatesOf(backends, { accountId, canonicalArn: null }, entriesIn, ofPattern)
    }).map(({ key, candidates }) => ({ key: `${key}*`, candidates })),
    accounts: [...accounts].toSorted().map((accountId) => {
      const entriesIn = ({ patterns }: MappingIndex): Iterable<MappingEntry> =>
        [...patterns].flatMap(([prefix, entries]) => (jwtAccount(prefix) === accountId ? entries : []))
      return {
        key: accountId,
        candidates: candidatesOf(backends, { accountId, canonicalArn: null }, entriesIn, ofPattern),
      }
    }),
  }
}
