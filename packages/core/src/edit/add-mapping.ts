import { AuthenticatorError, ConfigurationError } from '../errors/errors.ts'
import { EMPTY_AWS_AUTH, isEmptyList, parseAwsAuth } from '../mapping/aws-auth.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import type { Problem } from '../errors/problem.ts'
import { appendItem } from './append-item.ts'
import {
  describePrincipal,
  entriesWithKey,
  LISTS,
  notEditable,
  readAll,
  RULES,
  type Data,
  type Edited,
  type EntryKind,
} from './aws-auth-lists.ts'
import { printableYaml } from './printable-yaml.ts'
import { block, type Writable } from './render.ts'

/** A new entry for aws-auth. */
export interface NewMapping {
  readonly kind: EntryKind
  /** In the order of the output: `rolearn`, `userarn` or `sso`, then `username` and `groups`. */
  readonly fields: Readonly<Record<string, Writable>>
}

/** Accepts role paths too, because the feature gates of the server are not known here. */
const NEW_ENTRY_RULES = { ...RULES, rolePaths: true }

/**
 * Reads a new entry as the server would. Returns its problems if there are any. A warning, such as one about an unknown placeholder, also
 * rejects a new entry.
 */
export function checkNewMapping({ kind, fields }: NewMapping): MappingEntry | readonly Problem[] {
  const { key, list } = LISTS[kind]
  const read = parseAwsAuth({ [key]: block([fields], 0, true) }, EMPTY_AWS_AUTH, NEW_ENTRY_RULES)
  const entry = read[list][0]
  return entry === undefined || read.problems.length > 0 ? read.problems : entry
}

/**
 * Adds an entry to the data of the ConfigMap aws-auth. Everything else in it stays byte for byte.
 *
 * @throws {AuthenticatorError} `duplicate_mapping`: another entry has the same key.
 * @throws {ConfigurationError} The data can't be read, or the entry is invalid or can't be added without changing something else.
 */
export function addMapping(data: Data, mapping: NewMapping): Edited {
  const { kind, fields } = mapping
  const { key, list } = LISTS[kind]
  const entry = checkNewMapping(mapping)
  if (!('key' in entry)) throw new ConfigurationError('the new entry can not be used:', entry)
  const before = readAll(data)
  const [twin] = entriesWithKey(before[list], entry.key)
  if (twin !== undefined) {
    const where = `${twin.path}, line ${twin.location.line} of ${key}, is for it`
    throw new AuthenticatorError(
      'duplicate_mapping',
      `cannot add duplicate ${kind} ${describePrincipal(fields)}: ${where}`,
    )
  }
  const text = typeof data[key] === 'string' ? data[key] : ''
  const appended = appendItem(text, fields, isEmptyList(text))
  const changed = { ...data, [key]: appended }
  if (appended === null || readAll(changed)[list].length !== before[list].length + 1) {
    throw notEditable(kind, 'added', ['add', ...printableYaml([fields], { version: '1.1' }).trimEnd().split('\n')])
  }
  return { data: changed, problems: before.problems }
}
