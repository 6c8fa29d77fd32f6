import { LocatedDocument, type Field } from '../configuration/located-document.ts'
import type { Problem } from '../configuration/problem.ts'
import { parseUpdate, UPDATE_KEYS, type Update } from '../configuration/update.ts'
import type { MappingLists } from './mapping-index.ts'
import type { EntryGates } from './parse-key.ts'
import { parseAccounts, parseEntries, type ParsedEntries } from './parse-lists.ts'

/** The content of a dynamic file, all of it good. */
export interface DynamicFile extends MappingLists, Update {}

/** What a text is as a dynamic file; null where anything in it is wrong. */
export interface ParsedDynamicFile {
  readonly file: DynamicFile | null
  readonly problems: readonly Problem[]
}

/**
 * Reads a dynamic file: JSON with `mapRoles`, `mapUsers` and `mapAccounts`, keys in any case. One bad entry makes the whole
 * file void, so that whoever writes it as a whole has it in force as a whole.
 *
 * @param userIdStrict Whether entries are found by `userid` (`server.dynamicfileUserIDStrict`).
 */
export function parseDynamicFile(
  text: string,
  source: string,
  userIdStrict: boolean,
  { rolePaths = false }: Pick<EntryGates, 'rolePaths'> = {},
): ParsedDynamicFile {
  const document = new LocatedDocument(text, source, 'json')
  const { problems, root } = document
  const fields = document.unreadable
    ? null
    : document.fields(root, [...UPDATE_KEYS, 'mapRoles', 'mapUsers', 'mapAccounts'])
  if (fields === null) return { file: null, problems }
  const list = <T>(name: string, none: T, read: (field: Field) => T | null): T => {
    const field = fields.get(name)
    return field === undefined ? none : (read(field) ?? none)
  }
  const entries = (name: string, kind: 'role' | 'user'): ParsedEntries['entries'] => {
    const byUserId = userIdStrict
    const rules = { kind, sso: 'never', rolePaths, sessionArns: true, commaLists: false, byUserId } as const
    return list(name, { entries: [], unusable: [] }, (field) => parseEntries(document, field, rules)).entries
  }
  const accounts = { quoteLeadingZeros: false, commaLists: false, stringsOnly: true }
  const file = {
    ...parseUpdate(document, fields),
    roles: entries('maproles', 'role'),
    users: entries('mapusers', 'user'),
    accounts: list<readonly string[]>('mapaccounts', [], (field) => parseAccounts(document, field, accounts)),
  }
  return { file: document.errorCount === 0 ? file : null, problems }
}
