import type { Field, Fields, LocatedDocument } from '../document/located-document.ts'
import { arnOf } from './arn-parts.ts'
import { looksLikeCondition, parseConditions } from './conditions.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { ENTRY_NAMES, entryText, intendedArn, parseKey, type EntryRules } from './parse-key.ts'
import { unknownPlaceholders } from './template.ts'

/** The groups of an entry in a configuration file: a list, or one string with commas. */
function parseLooseGroups(document: LocatedDocument, field: Field): readonly string[] | null {
  const groups = document.looseItems(field).map((item) => document.looseString(item))
  const texts = groups.filter((group) => group !== null)
  if (texts.length < groups.length) return null
  return document.isList(field) ? texts : texts.flatMap((text) => text.split(',')).filter((group) => group !== '')
}

function parseGroups(document: LocatedDocument, field: Field | undefined, rules: EntryRules): readonly string[] | null {
  if (field === undefined || document.isNull(field)) return []
  if (rules.source === 'configuration') return parseLooseGroups(document, field)
  if (rules.source === 'aws_auth' && !document.isList(field)) {
    document.warnOfMistake(
      field,
      'is not a list: whoever matches the entry gets no groups; write each group as "- group"',
    )
    return []
  }
  const items = document.items(field)
  if (items === null) return null
  const groups = items.map((item) => document.string(item))
  const texts = groups.filter((group) => group !== null)
  return texts.length < groups.length ? null : texts
}

/** The field of that name, unless it is absent or null. */
function present(document: LocatedDocument, fields: Fields, name: string): Field | undefined {
  const found = fields.get(name)
  return found === undefined || document.isNull(found) ? undefined : found
}

function warnOfPlaceholders(document: LocatedDocument, field: Field, template: string): void {
  for (const message of unknownPlaceholders(template)) document.warn(field, message)
}

/** A valid entry. */
interface ParsedEntry {
  readonly entry: MappingEntry
  /** The reason why it matches no one; null if it is active. */
  readonly inactive: string | null
}

/** Reads one entry of mapRoles or mapUsers. Null, with its problems in the document, if the entry is invalid. */
export function parseEntry(document: LocatedDocument, field: Field, rules: EntryRules): ParsedEntry | null {
  const errorsBefore = document.errorCount
  if (document.reportFault(field)) return null
  const keyRules = { mustBeKnown: looksLikeCondition, lastCounts: rules.source === 'aws_auth' }
  const fields = document.fields(field, ENTRY_NAMES[rules.kind], keyRules)
  if (fields === null) return null

  const userIdField = present(document, fields, 'userid')
  const userId = userIdField === undefined ? '' : entryText(document, userIdField, rules)
  const parsed = parseKey(document, field, fields, userId, rules)
  const isRole = parsed?.isRole ?? rules.kind === 'role'
  const conditions = parseConditions(document, fields, { isRole, byUserId: rules.byUserId === true })

  const usernameField = present(document, fields, 'username')
  const username = usernameField === undefined ? '' : entryText(document, usernameField, rules)
  if (username === '')
    document.warn(usernameField ?? field, 'has no username: an identity that matches gets an empty one')
  const groups = parseGroups(document, fields.get('groups'), rules)

  if (parsed === null || username === null || groups === null || userId === null || document.errorCount > errorsBefore)
    return null
  warnOfPlaceholders(document, field, username)
  for (const group of groups) warnOfPlaceholders(document, field, group)
  const location = document.locationOf(field)
  const path = document.pathOf(field)
  const { key, inactive = null } = parsed
  if (inactive !== null) document.warn(field, inactive)
  return { entry: { key, principal: parsed.principal, conditions, username, groups, userId, location, path }, inactive }
}

/** Describes an inactive entry. Null if it names no ARN, or is active. */
export function inactiveEntry({ entry, inactive }: ParsedEntry): UnusableEntry | null {
  const wouldMatch = arnOf(entry)
  if (wouldMatch === null || inactive === null) return null
  return { wouldMatch, location: entry.location, path: entry.path, message: inactive }
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
