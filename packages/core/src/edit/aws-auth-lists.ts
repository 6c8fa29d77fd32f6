import { AuthenticatorError, ConfigurationError } from '../errors/errors.ts'
import type { Problem } from '../errors/problem.ts'
import { EMPTY_AWS_AUTH, keepLastGood, parseAwsAuth, readAwsAuth, type AwsAuth } from '../mapping/aws-auth.ts'
import type { EntryKey, MappingEntry } from '../mapping/entry.ts'
import { withoutRolePath } from '../mapping/parse-arn.ts'
import { block, type Writable } from './render.ts'

export type EntryKind = 'role' | 'user'

/** The fields of an entry that name its principal: `rolearn`, `userarn` or `sso`. */
export type PrincipalFields = Readonly<Record<string, Writable>>

/** The data of the ConfigMap aws-auth. */
export type Data = Readonly<Record<string, unknown>>

/** A change of aws-auth. */
export interface Edited {
  readonly data: Data
  /** The problems of the data before the change. */
  readonly problems: readonly Problem[]
}

/** The data key of each kind, and the list that is read from it. */
export const LISTS = {
  role: { key: 'mapRoles', list: 'roles' },
  user: { key: 'mapUsers', list: 'users' },
} as const

/** Accepts `sso`, because the feature gates of the server are not known here. */
export const RULES = { sso: true }

function isSameKey(a: EntryKey, b: EntryKey): boolean {
  if (a.type === 'sso') return b.type === 'sso' && a.prefix === b.prefix
  return a.type === 'arn' && b.type === 'arn' && a.arn === b.arn
}

/** The entries with a key. */
export function entriesWithKey(entries: readonly MappingEntry[], key: EntryKey): readonly MappingEntry[] {
  return entries.filter((entry) => isSameKey(entry.key, key))
}

/** The index of an entry in its list, from the end of its path. */
export function indexOf({ path }: MappingEntry): number {
  return Number(path.slice(path.lastIndexOf('[') + 1, -1))
}

/** The place of an entry, such as `mapRoles[3], line 7`. */
export function placeOf({ path, location: { line } }: MappingEntry): string {
  return `${path}, line ${line}`
}

/** Names a principal in a message: `ARN "arn:…"` or `sso {…}`. */
export function describePrincipal({ sso, rolearn, userarn }: PrincipalFields): string {
  return sso === undefined ? `ARN ${JSON.stringify(rolearn ?? userarn)}` : `sso ${JSON.stringify(sso)}`
}

/** Reads aws-auth. Invalid entries are skipped, as in the server. A data key that is not a list is an error. */
export function readAll(data: Data): AwsAuth {
  const read = readAwsAuth(data, RULES)
  const { roles, users, accounts } = read
  if (roles !== null && users !== null && accounts !== null) return keepLastGood(read, EMPTY_AWS_AUTH)
  const errors = read.problems.filter(({ severity }) => severity === 'error')
  throw new ConfigurationError('the ConfigMap kube-system/aws-auth can not be parsed; nothing was written:', errors)
}

/** Reads the key of a principal. Returns its errors if there are any. */
export function readKey(kind: EntryKind, principal: PrincipalFields): EntryKey | readonly Problem[] {
  const { key, list } = LISTS[kind]
  const text = block([{ ...principal, username: 'any' }], 0, true)
  const read = parseAwsAuth({ [key]: text }, EMPTY_AWS_AUTH, RULES)
  return read[list][0]?.key ?? read.problems
}

/**
 * The entries of a principal, at least one.
 *
 * @throws {AuthenticatorError} `mapping_not_found`: there are none.
 */
export function requireEntries(
  entries: readonly MappingEntry[],
  kind: EntryKind,
  principal: PrincipalFields,
): readonly MappingEntry[] {
  const key = readKey(kind, principal)
  if (!('type' in key)) throw new ConfigurationError(`the ${kind} can not be used:`, key)
  const found = entriesWithKey(entries, key)
  if (found.length > 0) return found
  const bare = key.type === 'arn' ? withoutRolePath(key.arn) : undefined
  const near = entries.find((entry) => entry.key.type === 'arn' && withoutRolePath(entry.key.arn) === bare)
  const hint =
    near === undefined
      ? 'aws-iam-authenticator list --cluster shows the entries'
      : `${placeOf(near)}, is for ${near.principal}: give that ARN`
  throw new AuthenticatorError(
    'mapping_not_found',
    `${LISTS[kind].key} has no entry for the ${kind} ${describePrincipal(principal)}; nothing was written: ${hint}`,
  )
}

/** The error if a list is written so that a change would affect other entries. `lines` say what to write by hand. */
export function notEditable(kind: EntryKind, change: string, lines: readonly string[]): ConfigurationError {
  return new ConfigurationError(
    `${LISTS[kind].key} is written in a way that nothing can be ${change} without changing the rest; nothing was written. ` +
      'Do it with kubectl edit -n kube-system configmap/aws-auth:',
    [],
    { details: lines },
  )
}
