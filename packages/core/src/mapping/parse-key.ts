import { findPartition } from '../aws/partition.ts'
import type { Field, Fields, LocatedDocument } from '../document/located-document.ts'
import type { EntryKey, MappingEntry } from './entry.ts'
import { JWT_CONDITION_NAMES } from './jwt-conditions.ts'
import { parseArn, parsePattern, withoutRolePath, type ArnRules } from './parse-arn.ts'

/** Feature gates for entries. */
export interface EntryGates {
  /** True if `sso` may replace the ARN (SSORoleMatch); `never` if no gate allows it. */
  readonly sso: boolean | 'never'
  /** True if the ARN of a role with a path stands for the role of that name (RolePathMatch). Default false. */
  readonly rolePaths?: boolean
}

/** The rules of one source of entries. */
export interface EntryRules extends ArnRules, EntryGates {
  /** The source of the entries, which decides about values of another type and duplicate keys. */
  readonly source: EntrySource
  /** True if the entry matches by its `userid`; its ARN is an additional check. Default false. */
  readonly byUserId?: boolean
}

/** A source of entries. The reference reads each of them by another library. */
export type EntrySource =
  /** Numbers count as strings, and groups may be one string with commas. */
  | 'configuration'
  /** Of a duplicate key the last one counts, and groups that are not a list count as none. */
  | 'aws_auth'
  | 'dynamic_file'

/** The key of an entry. */
export interface ParsedKey {
  readonly key: EntryKey
  readonly principal: MappingEntry['principal']
  readonly isRole: boolean
  /** The reason why the entry matches no one although it is valid. Default: it is active. */
  readonly inactive?: string
}

const ACCOUNT_ID = /^[0-9]{12}$/
const PERMISSION_SET_NAME = /^[\w+=,.@-]{1,32}$/

/** An entry has exactly one of these keys. */
const KEY_NAMES = { role: ['rolearn', 'sso', 'rolelike'], user: ['userarn', 'userlike'] } as const

const NEEDS_GATE = 'needs --feature-gates=SSORoleMatch=true, and matches no one without it'

const OTHER_NAMES = ['username', 'groups', 'userid', 'principalid', 'sessionnames', ...JWT_CONDITION_NAMES]

/** The keys of an entry. */
export const ENTRY_NAMES: Readonly<Record<EntryRules['kind'], readonly string[]>> = {
  role: [...KEY_NAMES.role, ...OTHER_NAMES],
  user: [...KEY_NAMES.user, ...OTHER_NAMES],
}

/** A string, as the source of the entry may write it. */
export function entryText(document: LocatedDocument, field: Field, { source }: EntryRules): string | null {
  return source === 'configuration' ? document.looseString(field) : document.string(field)
}

function parseArnKey(document: LocatedDocument, field: Field, rules: EntryRules): ParsedKey | null {
  const text = document.string(field)
  if (text === null) return null
  const parsed = parseArn(text, rules)
  if (text === '' && parsed.fault !== null) return document.formError(field, parsed.fault)
  if (parsed.fault !== null) return document.error(field, parsed.fault)
  if (parsed.oddity !== null) document.warn(field, parsed.oddity)
  return { key: { type: 'arn', arn: parsed.arn }, principal: parsed.written, isRole: parsed.kind === 'role' }
}

function parsePatternKey(document: LocatedDocument, field: Field, { kind }: EntryRules): ParsedKey | null {
  const text = document.string(field)
  if (text === null) return null
  const parsed = parsePattern(text, kind)
  if (parsed.fault !== null) return document.error(field, parsed.fault)
  const { prefix, glob } = parsed
  return { key: { type: 'like', prefix, glob }, principal: text, isRole: kind === 'role' }
}

/** Reads the key of an entry that matches by `userid`. An empty ARN counts as absent. */
function parseUserIdKey(
  document: LocatedDocument,
  field: Field,
  arnField: Field | undefined,
  userId: string | null,
  rules: EntryRules,
): ParsedKey | null {
  const isRole = rules.kind === 'role'
  if (userId === '') return document.formError(field, 'needs userid, since server.dynamicfileUserIDStrict is true')
  const arnText = arnField === undefined ? '' : document.string(arnField)
  if (userId === null || arnText === null) return null
  if (arnField === undefined || arnText === '') {
    return { key: { type: 'userId', userId, arn: null }, principal: userId, isRole }
  }
  const parsed = parseArn(arnText, rules)
  if (parsed.fault !== null) return document.error(arnField, parsed.fault)
  const key = { type: 'userId', userId, arn: withoutRolePath(parsed.arn) } as const
  return { key, principal: withoutRolePath(parsed.written), isRole }
}

/** The canonical ARN of the roles of a permission set, up to the last underscore. */
function ssoPrefix(partition: string, account: string, name: string): string {
  return `arn:${partition}:iam::${account}:role/AWSReservedSSO_${name}_`
}

function parseSsoKey(document: LocatedDocument, field: Field, rules: EntryRules): ParsedKey | null {
  const lastCounts = rules.source === 'aws_auth'
  const fields = document.fields(field, ['permissionSetName', 'accountID', 'partition'], { lastCounts })
  if (fields === null) return null
  if (rules.sso === 'never') return document.formError(field, 'is not for this file: write the ARN of the role')
  const nameField = fields.get('permissionsetname')
  const accountField = fields.get('accountid')
  const partitionField = fields.get('partition')
  if (nameField === undefined || accountField === undefined) {
    return document.error(field, 'needs both permissionSetName and accountID')
  }
  const name = entryText(document, nameField, rules)
  const account = entryText(document, accountField, rules)
  const partition = partitionField === undefined ? 'aws' : document.string(partitionField)
  if (name === null || account === null || partition === null) return null
  if (!PERMISSION_SET_NAME.test(name)) {
    return document.error(
      nameField,
      `"${name}" is not the name of a permission set: 1 to 32 letters, digits and +=,.@-_`,
    )
  }
  if (!ACCOUNT_ID.test(account))
    return document.error(accountField, `"${account}" is not an account id: write its 12 digits`)
  if (findPartition(partition) === undefined) {
    return document.error(
      partitionField ?? field,
      `"${partition}" is not a partition: write aws, aws-us-gov, aws-cn, …`,
    )
  }
  const prefix = ssoPrefix(partition, account, name)
  const parsed = {
    key: { type: 'sso', prefix: prefix.toLowerCase() },
    principal: `${prefix}*`,
    isRole: true,
  } as const
  return rules.sso ? parsed : { ...parsed, inactive: NEEDS_GATE }
}

/** Reads the key of an entry. Null, with its problems in the document, if it is missing, duplicate or invalid. */
export function parseKey(
  document: LocatedDocument,
  field: Field,
  fields: Fields,
  userId: string | null,
  rules: EntryRules,
): ParsedKey | null {
  let name: string | null = null
  let keyField: Field | undefined
  for (const known of KEY_NAMES[rules.kind]) {
    const found = fields.get(known)
    if (found === undefined) continue
    if (name !== null) return document.error(field, `has both ${name} and ${known}: keep one`)
    name = known
    keyField = found
  }
  if (keyField !== undefined && name === 'sso') return parseSsoKey(document, keyField, rules)
  if (keyField !== undefined && (name === 'rolelike' || name === 'userlike')) {
    return rules.byUserId === true
      ? document.error(keyField, 'is not for this file, whose entries are found by userid')
      : parsePatternKey(document, keyField, rules)
  }
  if (rules.byUserId === true) {
    const arnField = keyField === undefined || document.isNull(keyField) ? undefined : keyField
    return parseUserIdKey(document, field, arnField, userId, rules)
  }
  if (keyField !== undefined) return parseArnKey(document, keyField, rules)
  const names = KEY_NAMES[rules.kind].filter((known) => known !== 'sso' || rules.sso !== 'never')
  return document.formError(field, `needs ${names.join(' or ')}`)
}

/** The principal that an invalid entry names: a canonical ARN in lower case, or its start. Null if it can't be read. */
export function intendedArn(document: LocatedDocument, field: Field): string | null {
  const texts = new Map(document.pairs(field).map(([key, value]) => [key.toLowerCase(), value]))
  for (const name of ['rolearn', 'userarn', 'arn']) {
    const value = texts.get(name)
    const text = value === undefined ? null : document.textOf(value)
    const parsed = text === null ? null : parseArn(text, { kind: 'role', sessionArns: true, rolePaths: true })
    if (parsed !== null && parsed.fault === null) return parsed.arn
  }
  const sso = texts.get('sso')
  if (sso === undefined) return null
  const parts = new Map(document.pairs(sso).map(([key, value]) => [key.toLowerCase(), document.textOf(value)]))
  const [name, account] = [parts.get('permissionsetname') ?? null, parts.get('accountid') ?? null]
  return name === null || account === null
    ? null
    : ssoPrefix(parts.get('partition') ?? 'aws', account, name).toLowerCase()
}
