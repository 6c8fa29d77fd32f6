import { findPartition } from '../aws/partition.ts'
import type { Field, LocatedDocument } from '../configuration/located-document.ts'
import type { EntryKey, MappingEntry } from './entry.ts'
import { parseArn, withoutRolePath, type ArnRules } from './parse-arn.ts'
import { unknownPlaceholders } from './template.ts'

/** What one kind of source accepts in its entries. */
export interface EntryRules extends ArnRules {
  /** Whether `sso` may stand in place of an ARN (feature gate SSORoleMatch); `never` where no gate opens it. */
  readonly sso: boolean | 'never'
  /** Whether the entry is found by its `userid`, to which its ARN only adds. Default false. */
  readonly byUserId?: boolean
  /** Whether groups may be one string with commas. */
  readonly commaLists: boolean
}

const ACCOUNT_ID = /^[0-9]{12}$/
const PERMISSION_SET_NAME = /^[\w+=,.@-]{1,32}$/

function escape(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, String.raw`\$&`)
}

function parseArnKey(document: LocatedDocument, field: Field, rules: EntryRules): EntryKey | null {
  const text = document.string(field)
  if (text === null) return null
  const { arn, fault } = parseArn(text, rules)
  return fault === null ? { type: 'arn', arn } : document.error(field, fault)
}

/** An ARN that is empty counts as absent here. */
function parseUserIdKey(
  document: LocatedDocument,
  field: Field,
  arnField: Field | undefined,
  userId: string | null,
  rules: EntryRules,
): EntryKey | null {
  if (userId === '') return document.error(field, 'needs userid, since server.dynamicfileUserIDStrict is true')
  const arnText = arnField === undefined ? '' : document.string(arnField)
  if (userId === null || arnText === null) return null
  if (arnField === undefined || arnText === '') return { type: 'userId', userId, arn: null }
  const { arn, fault } = parseArn(arnText, rules)
  return fault === null ? { type: 'userId', userId, arn: withoutRolePath(arn) } : document.error(arnField, fault)
}

function parseSsoKey(document: LocatedDocument, field: Field, rules: EntryRules): EntryKey | null {
  const fields = document.fields(field, ['permissionSetName', 'accountID', 'partition'])
  if (fields === null) return null
  if (rules.sso === 'never') return document.error(field, 'is not for this file: write the ARN of the role')
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
  const userIdField = present('userid')
  const userId = userIdField === undefined ? '' : document.string(userIdField)
  const arnField = fields.get(arnName)
  const ssoField = fields.get('sso')
  let key: EntryKey | null = null
  if (rules.byUserId === true && ssoField === undefined) {
    key = parseUserIdKey(document, field, present(arnName), userId, rules)
  } else if (arnField !== undefined && ssoField !== undefined)
    document.error(field, `has both ${arnName} and sso: keep one`)
  else if (arnField !== undefined) key = parseArnKey(document, arnField, rules)
  else if (ssoField !== undefined) key = parseSsoKey(document, ssoField, rules)
  else document.error(field, `needs ${rules.kind === 'role' && rules.sso !== 'never' ? 'rolearn or sso' : arnName}`)

  const usernameField = present('username')
  const username = usernameField === undefined ? '' : document.string(usernameField)
  if (username === '') document.warn(usernameField ?? field, 'has no username: whoever matches it gets an empty one')
  const groups = parseGroups(document, fields.get('groups'), rules)

  if (key === null || username === null || groups === null || userId === null || document.errorCount > errorsBefore)
    return null
  for (const template of [username, ...groups]) {
    for (const message of unknownPlaceholders(template)) document.warn(field, message)
  }
  return { key, username, groups, userId, location: field.location, path: field.path }
}
