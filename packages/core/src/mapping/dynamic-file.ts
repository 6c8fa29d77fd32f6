import { LocatedDocument } from '../document/located-document.ts'
import type { Problem } from '../errors/problem.ts'
import { parseUpdate, UPDATE_KEYS, type Update } from './update.ts'
import type { MappingLists } from './mapping-index.ts'
import type { EntryGates } from './parse-key.ts'
import { parseAccounts, parseEntries, type ParsedEntries } from './parse-lists.ts'

/** The content of a dynamic file. */
interface DynamicFile extends MappingLists, Update {}

/** A parsed dynamic file. `file` is null if it is rejected as a whole. */
export interface ParsedDynamicFile {
  readonly file: DynamicFile | null
  readonly problems: readonly Problem[]
}

const NAMES = [...UPDATE_KEYS, 'mapRoles', 'mapUsers', 'mapAccounts']

/**
 * Reads a dynamic file: JSON with `mapRoles`, `mapUsers` and `mapAccounts`. Keys ignore case. A value of the wrong type, or an entry without
 * its key, rejects the whole file, as in the reference. Any other error, such as a malformed ARN, rejects its entry.
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
  const hasDuplicates = document.errorCount > 0
  const entries = (name: string, kind: 'role' | 'user'): ParsedEntries => {
    const field = fields.get(name)
    const gates = { sso: 'never', rolePaths } as const
    const rules = { kind, source: 'dynamic_file', sessionArns: true, byUserId: userIdStrict, ...gates } as const
    return (field === undefined ? null : parseEntries(document, field, rules)) ?? { entries: [], unusable: [] }
  }
  const roles = entries('maproles', 'role')
  const users = entries('mapusers', 'user')
  const accountsField = fields.get('mapaccounts')
  const file = {
    ...parseUpdate(document, fields),
    roles: roles.entries,
    users: users.entries,
    unusable: [...roles.unusable, ...users.unusable],
    accounts: accountsField === undefined ? [] : (parseAccounts(document, accountsField, 'dynamic_file') ?? []),
  }
  return { file: hasDuplicates || document.formErrorCount > 0 ? null : file, problems }
}
