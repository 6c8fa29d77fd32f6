import { LocatedDocument, type Field } from '../document/located-document.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { parseEntry, unusableEntry } from './parse-entry.ts'
import type { EntryRules } from './parse-key.ts'

const ACCOUNT_ID = /^\d{12}$/

/** The entries of mapRoles or mapUsers. */
export interface ParsedEntries {
  readonly entries: readonly MappingEntry[]
  /** The rejected entries. */
  readonly unusable: readonly UnusableEntry[]
}

/** Reads the entries of mapRoles or mapUsers, valid and rejected. Null if the value is not a list. */
export function parseEntries(document: LocatedDocument, field: Field, rules: EntryRules): ParsedEntries | null {
  if (document.isNull(field)) return { entries: [], unusable: [] }
  const items = document.items(field)
  if (items === null) return null
  const entries: MappingEntry[] = []
  const unusable: UnusableEntry[] = []
  for (const item of items) {
    const firstProblem = document.problems.length
    const entry = parseEntry(document, item, rules)
    if (entry !== null) {
      entries.push(entry)
      continue
    }
    const rejected = unusableEntry(document, item, firstProblem)
    if (rejected !== null) unusable.push(rejected)
  }
  return { entries, unusable }
}

interface AccountRules {
  /** True if an unquoted number with leading zeros is an error, because other parsers drop the zeros. */
  readonly quoteLeadingZeros: boolean
  /** True if a string with commas is a list. */
  readonly commaLists: boolean
  /** True if every number is an error. Default false. */
  readonly stringsOnly?: boolean
}

/** Reads the valid account ids of mapAccounts. Unquoted digits keep their text. Null if the value is not a list. */
export function parseAccounts(document: LocatedDocument, field: Field, rules: AccountRules): string[] | null {
  if (document.isNull(field)) return []
  const oneText = rules.commaLists && !document.isList(field)
  const fields = oneText ? [field] : document.items(field)
  if (fields === null) return null
  const accounts = new Set<string>()
  for (const item of fields) {
    const scalar = document.scalar(item)
    if (scalar === null) continue
    if (rules.stringsOnly === true && document.string(item) === null) continue
    for (const account of oneText ? scalar.text.split(',').filter((part) => part !== '') : [scalar.text]) {
      const losesZeros =
        scalar.type === 'number' && rules.quoteLeadingZeros && (account.startsWith('0') || account.length < 12)
      if (losesZeros)
        document.error(item, `${account} is a number, which has no leading zeros: write its 12 digits in quotes`)
      else if (!ACCOUNT_ID.test(account)) document.error(item, `"${account}" is not an account id: write its 12 digits`)
      else if (accounts.has(account)) document.warn(item, `${account} is there already`)
      else accounts.add(account)
    }
  }
  return [...accounts]
}
