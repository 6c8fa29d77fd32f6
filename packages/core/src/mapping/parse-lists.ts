import { LocatedDocument, type Field } from '../configuration/located-document.ts'
import { regularItemsSteps } from '../configuration/parse-regular-yaml.ts'
import type { Problem } from '../configuration/problem.ts'
import { finish, type Steps } from '../steps.ts'
import type { MappingEntry, UnusableEntry } from './entry.ts'
import { parseEntry, unusableEntry } from './parse-entry.ts'
import type { EntryRules } from './parse-key.ts'

const ACCOUNT_ID = /^\d{12}$/

/** The entries of mapRoles or mapUsers. */
export interface ParsedEntries {
  readonly entries: readonly MappingEntry[]
  /** Those that are problems of the document. */
  readonly unusable: readonly UnusableEntry[]
}

/** The entries of a list in regular YAML, and what is wrong with them. */
export interface RegularEntries extends ParsedEntries {
  /** Where the line of each item begins, whether it is good or not. */
  readonly starts: readonly number[]
  readonly problems: readonly Problem[]
}

/** Where a list stands, and how it is read. */
export interface ListPlace {
  readonly source: string
  /** The path of the list. */
  readonly key: string
  readonly rules: EntryRules
}

const ENTRIES_PER_STEP = 16

const NO_ENTRIES: ParsedEntries = { entries: [], unusable: [] }

/** Takes entries one after the other. */
class EntryTaker {
  readonly entries: MappingEntry[] = []
  readonly unusable: UnusableEntry[] = []
  readonly #document: LocatedDocument
  readonly #rules: EntryRules

  constructor(document: LocatedDocument, rules: EntryRules) {
    this.#document = document
    this.#rules = rules
  }

  take(item: Field, path?: string): void {
    const firstProblem = this.#document.problems.length
    const entry = parseEntry(this.#document, item, this.#rules, { groups: this.entries.at(-1)?.groups, path })
    if (entry !== null) {
      this.entries.push(entry)
      return
    }
    const remains = unusableEntry(this.#document, item, firstProblem)
    if (remains !== null) this.unusable.push(remains)
  }
}

/** {@link parseEntries} in steps. */
export function* entriesSteps(document: LocatedDocument, field: Field, rules: EntryRules): Steps<ParsedEntries | null> {
  if (document.isNull(field)) return NO_ENTRIES
  const items = document.each(field)
  if (items === null) return null
  const taker = new EntryTaker(document, rules)
  let count = 0
  for (const item of items) {
    if (count % ENTRIES_PER_STEP === 0) yield
    count += 1
    taker.take(item)
  }
  return { entries: taker.entries, unusable: taker.unusable }
}

/**
 * Reads a list of entries in regular YAML, each entry as soon as its item is read: of a long list, what `entriesSteps` gives for
 * less time and memory.
 *
 * @param earlier Entries that the same list had before, one for each item: each has the path that its item has now.
 * @returns null where the text is of another form.
 */
export function* regularEntriesSteps(
  text: string,
  place: ListPlace,
  earlier: readonly MappingEntry[] = [],
): Steps<RegularEntries | null> {
  const document = new LocatedDocument(text, place.source, 'yaml', { contents: null, error: null })
  const list = { ...document.root, step: place.key }
  const taker = new EntryTaker(document, place.rules)
  const starts: number[] = []
  const offset = yield* regularItemsSteps(text, (item, start) => {
    taker.take(document.item(list, item, starts.length), earlier[starts.length]?.path)
    starts.push(start)
  })
  if (offset === null) return null
  return { entries: taker.entries, unusable: taker.unusable, starts, problems: document.problems }
}

/** Reads the entries of mapRoles or mapUsers, those that are good and those that are not. Null where it is no list. */
export function parseEntries(document: LocatedDocument, field: Field, rules: EntryRules): ParsedEntries | null {
  return finish(entriesSteps(document, field, rules))
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
  const accounts = new Set<string>()
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
      else if (accounts.has(account)) document.warn(item, `${account} is there already`)
      else accounts.add(account)
    }
  }
  return [...accounts]
}
