import { findPartition, partitions } from '../aws/partition.ts'
import type { Field, LocatedDocument } from '../configuration/located-document.ts'
import { canonicalizeArn } from '../identity/arn.ts'
import type { EntryKey, MappingEntry } from './entry.ts'
import { unknownPlaceholders } from './template.ts'

/** What one kind of source accepts in its entries. */
export interface EntryRules {
  readonly kind: 'role' | 'user'
  /** Whether `sso` may stand in place of an ARN (feature gate SSORoleMatch). */
  readonly sso: boolean
  /** Whether an ARN of a session (`assumed-role`) stands for its role. */
  readonly sessionArns: boolean
  /** Whether groups may be one string with commas. */
  readonly commaLists: boolean
}

const ACCOUNT_ID = /^[0-9]{12}$/
const PERMISSION_SET_NAME = /^[\w+=,.@-]{1,32}$/

function escape(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, String.raw`\$&`)
}

function parseArnKey(document: LocatedDocument, field: Field, rules: EntryRules): EntryKey | null {
  const arn = document.string(field)
  if (arn === null) return null
  const example =
    rules.kind === 'role' ? 'arn:aws:iam::123456789012:role/Admin' : 'arn:aws:iam::123456789012:user/alice'
  if (arn === '') return document.error(field, `is empty: write an ARN such as ${example}`)
  const principal = canonicalizeArn(arn.toLowerCase())
  if (principal === 'unknown_partition') {
    const known = partitions.map((partition) => partition.id).join(', ')
    return document.error(field, `"${arn}" is of a partition that is not known: write one of ${known}`)
  }
  if (typeof principal === 'string') {
    return document.error(field, `"${arn}" is not the ARN of a ${rules.kind}: write one such as ${example}`)
  }
  if (!rules.sessionArns && principal.canonicalArn !== arn.toLowerCase()) {
    return document.error(field, `"${arn}" is the ARN of a session: write that of its role, ${principal.canonicalArn}`)
  }
  return { type: 'arn', arn: principal.canonicalArn }
}

function parseSsoKey(document: LocatedDocument, field: Field, rules: EntryRules): EntryKey | null {
  const fields = document.fields(field, ['permissionSetName', 'accountID', 'partition'])
  if (fields === null) return null
  if (!rules.sso) return document.error(field, 'needs --feature-gates=SSORoleMatch=true')
  const nameField = fields.get('permissionsetname')
  const accountField = fields.get('accountid')
  const partitionField = fields.get('partition')
  if (nameField === undefined || accountField === undefined) {
    return document.error(field, 'needs both permissionSetName and accountID')
  }
  const name = document.string(nameField)
  const account = document.scalar(accountField)?.text ?? null
  const partition = partitionField === undefined ? 'aws' : document.string(partitionField)
  if (name === null || account === null || partition === null) return null
  if (!PERMISSION_SET_NAME.test(name)) {
    return document.error(nameField, `"${name}" is no name of a permission set: 1 to 32 letters, digits and +=,.@-_`)
  }
  if (!ACCOUNT_ID.test(account))
    return document.error(accountField, `"${account}" is no account id: write its 12 digits`)
  if (findPartition(partition) === undefined) {
    return document.error(partitionField ?? field, `"${partition}" is no partition: write aws, aws-us-gov, aws-cn, …`)
  }
  const prefix = `arn:${partition}:iam::${account}:role/AWSReservedSSO_${name}_`.toLowerCase()
  // No underscore: AWS ends the role's name with hexadecimal digits, and permission set Admin is not Admin_ReadOnly.
  return { type: 'sso', pattern: new RegExp(`^${escape(prefix)}[^/_]*$`) }
}

function parseGroups(document: LocatedDocument, field: Field | undefined, rules: EntryRules): readonly string[] | null {
  if (field === undefined || document.isNull(field)) return []
  if (rules.commaLists && !document.isList(field)) {
    const text = document.string(field)
    return text === null ? null : text.split(',').filter((group) => group !== '')
  }
  const groups = document.items(field)?.map((item) => document.string(item))
  return groups?.every((group) => group !== null) === true ? groups : null
}

/** Reads one entry of mapRoles or mapUsers; null, with its problems in the document, where the entry is bad. */
export function parseEntry(document: LocatedDocument, field: Field, rules: EntryRules): MappingEntry | null {
  const arnName = rules.kind === 'role' ? 'rolearn' : 'userarn'
  const names = [arnName, ...(rules.kind === 'role' ? ['sso'] : []), 'username', 'groups', 'userid']
  const errorsBefore = document.errorCount
  const fields = document.fields(field, names)
  if (fields === null) return null

  const present = (name: string): Field | undefined => {
    const found = fields.get(name)
    return found === undefined || document.isNull(found) ? undefined : found
  }
  const arnField = fields.get(arnName)
  const ssoField = fields.get('sso')
  let key: EntryKey | null = null
  if (arnField !== undefined && ssoField !== undefined) document.error(field, `has both ${arnName} and sso: keep one`)
  else if (arnField !== undefined) key = parseArnKey(document, arnField, rules)
  else if (ssoField !== undefined) key = parseSsoKey(document, ssoField, rules)
  else document.error(field, `needs ${rules.kind === 'role' ? 'rolearn or sso' : 'userarn'}`)

  const usernameField = present('username')
  const username = usernameField === undefined ? '' : document.string(usernameField)
  if (username === '') document.warn(usernameField ?? field, 'has no username: whoever matches it gets an empty one')
  const groups = parseGroups(document, fields.get('groups'), rules)
  const userIdField = present('userid')
  const userId = userIdField === undefined ? '' : document.string(userIdField)

  if (key === null || username === null || groups === null || userId === null || document.errorCount > errorsBefore)
    return null
  for (const template of [username, ...groups]) {
    for (const message of unknownPlaceholders(template)) document.warn(field, message)
  }
  return { key, username, groups, userId, location: field.location, path: field.path }
}
