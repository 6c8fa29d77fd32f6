import type { Field, Fields, LocatedDocument } from '../document/located-document.ts'
import { looksLikeCondition, parseConditions } from './conditions.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { ENTRY_NAMES, intendedArn, parseKey, type EntryRules } from './parse-key.ts'
import { unknownPlaceholders } from './template.ts'

function parseGroups(document: LocatedDocument, field: Field | undefined, rules: EntryRules): readonly string[] | null {
  if (field === undefined || document.isNull(field)) return []
  if (rules.commaLists && !document.isList(field)) {
    const text = document.string(field)
    return text === null ? null : text.split(',').filter((group) => group !== '')
  }
  const items = document.items(field)
  if (items === null) return null
  const groups: string[] = []
  let areValid = true
  for (const item of items) {
    const group = document.string(item)
    if (group === null) areValid = false
    else groups.push(group)
  }
  return areValid ? groups : null
}

/** The field of that name, unless it is absent or null. */
function present(document: LocatedDocument, fields: Fields, name: string): Field | undefined {
  const found = fields.get(name)
  return found === undefined || document.isNull(found) ? undefined : found
}

function warnOfPlaceholders(document: LocatedDocument, field: Field, template: string): void {
  for (const message of unknownPlaceholders(template)) document.warn(field, message)
}

/** Reads one entry of mapRoles or mapUsers. Null, with its problems in the document, if the entry is invalid. */
export function parseEntry(document: LocatedDocument, field: Field, rules: EntryRules): MappingEntry | null {
  const errorsBefore = document.errorCount
  if (document.reportFault(field)) return null
  const fields = document.fields(field, ENTRY_NAMES[rules.kind], looksLikeCondition)
  if (fields === null) return null

  const userIdField = present(document, fields, 'userid')
  const userId = userIdField === undefined ? '' : document.string(userIdField)
  const parsed = parseKey(document, field, fields, userId, rules)
  const conditions = parseConditions(document, fields, parsed?.isRole ?? rules.kind === 'role')

  const usernameField = present(document, fields, 'username')
  const username = usernameField === undefined ? '' : document.string(usernameField)
  if (username === '')
    document.warn(usernameField ?? field, 'has no username: an identity that matches gets an empty one')
  const groups = parseGroups(document, fields.get('groups'), rules)

  if (parsed === null || username === null || groups === null || userId === null || document.errorCount > errorsBefore)
    return null
  warnOfPlaceholders(document, field, username)
  for (const group of groups) warnOfPlaceholders(document, field, group)
  const location = document.locationOf(field)
  const path = document.pathOf(field)
  return { key: parsed.key, principal: parsed.principal, conditions, username, groups, userId, location, path }
}

/** Describes an invalid entry by the principal that it names and its first error. Null if the principal can't be read. */
export function unusableEntry(document: LocatedDocument, field: Field, firstProblem: number): UnusableEntry | null {
  const wouldMatch = intendedArn(document, field)
  const firstError = document.problems.slice(firstProblem).find(({ severity }) => severity === 'error')
  if (wouldMatch === null || firstError === undefined) return null
  const path = document.pathOf(field)
  const where = firstError.path.slice(path.length).replace(/^\./, '')
  const message = `${where === '' ? '' : `${where}: `}${firstError.message}`
  return { wouldMatch, location: document.locationOf(field), path, message }
}
