import { LocatedDocument, type Field } from '../document/located-document.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { inactiveEntry, parseEntry, unusableEntry } from './parse-entry.ts'
import type { EntryRules, EntrySource } from './parse-key.ts'

const ACCOUNT_ID = /^\d{12}$/

/** The entries of mapRoles or mapUsers. */
export interface ParsedEntries {
  readonly entries: readonly MappingEntry[]
  /** The rejected and the inactive entries. */
  readonly unusable: readonly UnusableEntry[]
}

/** The items of a list. Null, with an error, if the value is not a list; a configuration file may write lists in other ways. */
function itemsIn(document: LocatedDocument, field: Field, source: EntrySource): readonly Field[] | null {
  return source === 'configuration' ? document.looseItems(field) : document.items(field)
}

/** Reads the entries of mapRoles or mapUsers. Null if the value is not a list. */
export function parseEntries(document: LocatedDocument, field: Field, rules: EntryRules): ParsedEntries | null {
  if (document.isNull(field)) return { entries: [], unusable: [] }
  const items = itemsIn(document, field, rules.source)
  if (items === null) return null
  const entries: MappingEntry[] = []
  const unusable: UnusableEntry[] = []
  for (const item of items) {
    const firstProblem = document.problems.length
    const parsed = parseEntry(document, item, rules)
    if (parsed?.inactive === null) {
      entries.push(parsed.entry)
      continue
    }
    const rejected = parsed === null ? unusableEntry(document, item, firstProblem) : inactiveEntry(parsed)
    if (rejected !== null) unusable.push(rejected)
  }
  return { entries, unusable }
}

/** Reads the valid account ids of mapAccounts. Unquoted digits keep their text. Null if the value is not a list. */
export function parseAccounts(document: LocatedDocument, field: Field, source: EntrySource): string[] | null {
  if (document.isNull(field)) return []
  const isConfiguration = source === 'configuration'
  const oneText = isConfiguration && !document.isList(field)
  const fields = itemsIn(document, field, source)
  if (fields === null) return null
  const accounts = new Set<string>()
  for (const item of fields) {
    const scalar = document.scalar(item)
    if (scalar === null) continue
    if (source === 'dynamic_file' && document.string(item) === null) continue
    for (const account of oneText ? scalar.text.split(',').filter((part) => part !== '') : [scalar.text]) {
      const losesZeros = scalar.type === 'number' && isConfiguration && (account.startsWith('0') || account.length < 12)
      if (losesZeros)
        document.error(item, `${account} is a number, which has no leading zeros: write its 12 digits in quotes`)
      else if (!ACCOUNT_ID.test(account)) document.error(item, `"${account}" is not an account id: write its 12 digits`)
      else if (accounts.has(account)) document.warn(item, `${account} is there already`)
      else accounts.add(account)
    }
  }
  return [...accounts]
}
