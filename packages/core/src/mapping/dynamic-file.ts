import { LocatedDocument } from '../document/located-document.ts'
import type { Problem } from '../errors/problem.ts'
import { parseUpdate, UPDATE_KEYS, type Update } from './update.ts'
import type { MappingEntry } from './entry.ts'
import type { MappingLists } from './mapping-index.ts'
import type { EntryGates } from './parse-key.ts'
import { parseAccounts, parseEntries } from './parse-lists.ts'

/** The content of a dynamic file. */
interface DynamicFile extends MappingLists, Update {}

/** A parsed dynamic file. `file` is null if it has an error. */
export interface ParsedDynamicFile {
  readonly file: DynamicFile | null
  readonly problems: readonly Problem[]
}

const NAMES = [...UPDATE_KEYS, 'mapRoles', 'mapUsers', 'mapAccounts']

/**
 * Reads a dynamic file: JSON with `mapRoles`, `mapUsers` and `mapAccounts`. Keys ignore case. One invalid entry rejects the whole file,
 * because its writer replaces it as a whole.
 *
 * @param userIdStrict Whether entries match by `userid` (`server.dynamicfileUserIDStrict`).
 */
export function parseDynamicFile(
  text: string,
  source: string,
  userIdStrict: boolean,
  { rolePaths = false }: Pick<EntryGates, 'rolePaths'> = {},
): ParsedDynamicFile {
  const document = new LocatedDocument(text, source, 'json')
  const { problems, root } = document
  const fields = document.unreadable ? null : document.fields(root, NAMES)
  if (fields === null) return { file: null, problems }
  const entries = (name: string, kind: 'role' | 'user'): readonly MappingEntry[] => {
    const field = fields.get(name)
    const byUserId = userIdStrict
    const rules = { kind, sso: 'never', rolePaths, sessionArns: true, commaLists: false, byUserId } as const
    return field === undefined ? [] : (parseEntries(document, field, rules)?.entries ?? [])
  }
  const accountsField = fields.get('mapaccounts')
  const rules = { quoteLeadingZeros: false, commaLists: false, stringsOnly: true }
  const file = {
    ...parseUpdate(document, fields),
    roles: entries('maproles', 'role'),
    users: entries('mapusers', 'user'),
    accounts: accountsField === undefined ? [] : (parseAccounts(document, accountsField, rules) ?? []),
  }
  return { file: document.errorCount === 0 ? file : null, problems }
}
