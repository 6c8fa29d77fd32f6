import { AuthenticatorError, ConfigurationError } from '../errors/errors.ts'
import {
  EMPTY_AWS_AUTH,
  isEmptyList,
  keepLastGood,
  parseAwsAuth,
  readAwsAuth,
  type AwsAuth,
} from '../mapping/aws-auth.ts'
import type { EntryKey, MappingEntry } from '../mapping/entry.ts'
import type { Problem } from '../errors/problem.ts'
import { appendItem } from './append-item.ts'
import { printableYaml } from './printable-yaml.ts'
import { block, type Writable } from './render.ts'

/** A new entry for aws-auth. */
export interface NewMapping {
  readonly kind: 'role' | 'user'
  /** In the order of the output: `rolearn`, `userarn` or `sso`, then `username` and `groups`. */
  readonly fields: Readonly<Record<string, Writable>>
}

type Data = Readonly<Record<string, unknown>>

const LISTS = {
  role: { key: 'mapRoles', list: 'roles' },
  user: { key: 'mapUsers', list: 'users' },
} as const

/** Accepts `sso` and role paths, because the feature gates of the server are not known here. */
const RULES = { sso: true }
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

function isSameKey(a: EntryKey, b: EntryKey): boolean {
  if (a.type === 'sso') return b.type === 'sso' && a.prefix === b.prefix
  return a.type === 'arn' && b.type === 'arn' && a.arn === b.arn
}

/** Reads aws-auth. Invalid entries are skipped, as in the server. A data key that is not a list is an error. */
function readAll(data: Data): AwsAuth {
  const read = readAwsAuth(data, RULES)
  const { roles, users, accounts } = read
  if (roles !== null && users !== null && accounts !== null) return keepLastGood(read, EMPTY_AWS_AUTH)
  const errors = read.problems.filter(({ severity }) => severity === 'error')
  throw new ConfigurationError('the ConfigMap kube-system/aws-auth can not be parsed; nothing was written:', errors)
}

/**
 * Adds an entry to the data of the ConfigMap aws-auth. Everything else in it stays byte for byte.
 *
 * @throws {AuthenticatorError} `duplicate_mapping`: another entry has the same key.
 * @throws {ConfigurationError} The data can't be read, or the entry is invalid or can't be added without changing something else.
 */
export function addMapping(
  data: Data,
  mapping: NewMapping,
): { readonly data: Data; readonly problems: readonly Problem[] } {
  const { key, list } = LISTS[mapping.kind]
  const entry = checkNewMapping(mapping)
  if (!('key' in entry)) throw new ConfigurationError('the new entry can not be used:', entry)
  const before = readAll(data)
  const twin = before[list].find((candidate) => isSameKey(candidate.key, entry.key))
  if (twin !== undefined) {
    const { sso, rolearn, userarn } = mapping.fields
    const what = sso === undefined ? `ARN ${JSON.stringify(rolearn ?? userarn)}` : `sso ${JSON.stringify(sso)}`
    const where = `${twin.path}, line ${twin.location.line} of ${key}, is for it`
    throw new AuthenticatorError('duplicate_mapping', `cannot add duplicate ${mapping.kind} ${what}: ${where}`)
  }
  const text = typeof data[key] === 'string' ? data[key] : ''
  const appended = appendItem(text, mapping.fields, isEmptyList(text))
  const changed = { ...data, [key]: appended }
  if (appended === null || readAll(changed)[list].length !== before[list].length + 1) {
    const lines = printableYaml([mapping.fields], { version: '1.1' }).trimEnd().split('\n')
    throw new ConfigurationError(
      `${key} is written in a way that nothing can be added to without changing the rest; nothing was written. ` +
        'Add this with kubectl edit -n kube-system configmap/aws-auth:',
      [],
      { details: lines },
    )
  }
  return { data: changed, problems: before.problems }
}
