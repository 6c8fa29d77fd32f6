import type { Field, LocatedDocument } from '../configuration/located-document.ts'
import type { MappingEntry } from './entry.ts'
import { parseEntry, type EntryRules } from './parse-entry.ts'

const ACCOUNT_ID = /^\d{12}$/

/** The entries of mapRoles or mapUsers that are good; the others are problems of the document. Null where it is no list. */
export function parseEntries(document: LocatedDocument, field: Field, rules: EntryRules): MappingEntry[] | null {
  if (document.isNull(field)) return []
  const items = document.items(field)
  return items?.map((item) => parseEntry(document, item, rules)).filter((entry) => entry !== null) ?? null
}

interface AccountRules {
  /** Whether an unquoted number with leading zeros is an error, since other readers of the file take the zeros away. */
  readonly quoteLeadingZeros: boolean
  /** Whether one string with commas is a list too. */
  readonly commaLists: boolean
  /** Whether a number is an error, however it is written. Default false. */
  readonly stringsOnly?: boolean
}

/** The account ids of mapAccounts that are good; unquoted digits are taken as they are written. Null where it is no list. */
export function parseAccounts(document: LocatedDocument, field: Field, rules: AccountRules): string[] | null {
  if (document.isNull(field)) return []
  const oneText = rules.commaLists && !document.isList(field)
  const fields = oneText ? [field] : document.items(field)
  if (fields === null) return null
  const accounts: string[] = []
  for (const item of fields) {
    const scalar = document.scalar(item)
    if (scalar === null) continue
    if (rules.stringsOnly === true && document.string(item) === null) continue
    for (const account of oneText ? scalar.text.split(',').filter((part) => part !== '') : [scalar.text]) {
      const eaten =
        scalar.type === 'number' && rules.quoteLeadingZeros && (account.startsWith('0') || account.length < 12)
      if (eaten)
        document.error(item, `${account} is a number, which has no leading zeros: write its 12 digits in quotes`)
      else if (!ACCOUNT_ID.test(account)) document.error(item, `"${account}" is no account id: write its 12 digits`)
      else accounts.push(account)
    }
  }
  return accounts
}
