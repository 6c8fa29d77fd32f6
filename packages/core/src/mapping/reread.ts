import type { Steps } from '../steps.ts'
import type { MappingEntry } from './entry.ts'
import { regularEntriesSteps, type ListPlace, type RegularEntries } from './parse-lists.ts'

// Who changes a long list changes few of its entries. In regular YAML an entry ends where the line of the next one begins, and how
// it is read depends on its own lines alone, but for where it stands. So the entries before and after the lines that differ are
// those of the text before, if that one was regular, and nothing in it was wrong. All else is read as if nothing were known.

/** A list in regular YAML in which nothing was wrong: one entry for each item. */
export interface KnownEntries {
  readonly text: string
  readonly entries: readonly MappingEntry[]
  /** Where the line of each entry begins. */
  readonly starts: readonly number[]
  /** By whose values the entries were read. */
  readonly gates: object
  /** How much has been read since all of it was read at once. */
  readonly patched: number
}

const ENTRIES_PER_STEP = 256

/**
 * How much of a text may be read in parts, one change after the other. Strings keep the text alive that they were cut out of: an
 * entry may keep the whole of its part.
 */
const MOST_PATCHED = 0.5

/** What is known of a list that was read; undefined where something in it was wrong. */
export function knownEntries(
  text: string,
  { entries, starts, problems }: RegularEntries,
  gates: object,
): KnownEntries | undefined {
  if (problems.length > 0 || entries.length !== starts.length) return undefined
  return { text, entries, starts, gates, patched: 0 }
}

/** How many signs two texts have in common at their start, by comparisons of ever smaller parts. */
function sharedStart(one: string, other: string): number {
  let [same, end] = [0, Math.min(one.length, other.length)]
  while (same < end) {
    const middle = (same + end + 1) >>> 1
    if (one.slice(same, middle) === other.slice(same, middle)) same = middle
    else end = middle - 1
  }
  return same
}

/** How many signs two texts have in common at their end, of no more than so many. */
function sharedEnd(one: string, other: string, most: number): number {
  let [same, end] = [0, most]
  while (same < end) {
    const middle = (same + end + 1) >>> 1
    const [last, lastOther] = [one.length - same, other.length - same]
    const length = middle - same
    if (one.slice(last - length, last) === other.slice(lastOther - length, lastOther)) same = middle
    else end = middle - 1
  }
  return same
}

/** How many of the ascending numbers are not above the limit. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let [count, end] = [0, numbers.length]
  while (count < end) {
    const middle = (count + end) >>> 1
    if ((numbers[middle] ?? 0) <= limit) count = middle + 1
    else end = middle
  }
  return count
}

function linesIn(text: string): number {
  let count = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) count += 1
  return count
}

/** The column of the first dash of a list whose first item's line begins there. */
function dashColumn(text: string, start = 0): number {
  return text.indexOf('-', start) - start
}

/** Entries of a list that stand somewhere else in it now. */
function* moveSteps(moved: MappingEntry[], entries: readonly MappingEntry[], key: string, lines: number): Steps<void> {
  for (const entry of entries) {
    const path = `${key}[${moved.length}]`
    const { location } = entry
    const stays = lines === 0 && entry.path === path
    moved.push(stays ? entry : { ...entry, location: { ...location, line: location.line + lines }, path })
    if (moved.length % ENTRIES_PER_STEP === 0) yield
  }
}

/**
 * Reads a list of entries of which an earlier text is known: only the entries around what differs. The result is what a reading of
 * the whole gives.
 *
 * @returns null where the whole must be read: too much differs, or something is wrong with it.
 */
export function* rereadSteps(
  known: KnownEntries,
  text: string,
  place: ListPlace,
  gates: object,
): Steps<KnownEntries | null> {
  if (known.gates !== gates) return null
  const { entries, starts } = known
  const shift = text.length - known.text.length
  // The end of an entry shows by the line after it. So the last entry that is the same is read again, and its line with it.
  const first = Math.max(0, countUpTo(starts, sharedStart(known.text, text)) - 2)
  const from = first === 0 ? 0 : (starts[first] ?? 0)
  yield
  const most = Math.min(text.length, known.text.length) - from
  const end = known.text.length - sharedEnd(known.text, text, most)
  // The sign before its line must be the same, too.
  const next = countUpTo(starts, end)
  const to = (starts[next] ?? known.text.length) + shift
  const patched = known.patched + to - from
  if (patched > text.length * MOST_PATCHED) return null
  yield

  // A copy, which keeps nothing alive but itself.
  const part = Buffer.from(text.slice(from, to)).toString()
  const regular = yield* regularEntriesSteps(part, place)
  const read = regular === null ? undefined : knownEntries(part, regular, gates)
  if (read === undefined || dashColumn(part, read.starts[0]) !== dashColumn(known.text, starts[0])) return null

  const lineOf = (index: number): number => entries[index]?.location.line ?? 0
  const linesBefore = first === 0 ? 0 : lineOf(first) - 1
  const moved = entries.slice(0, first)
  yield* moveSteps(moved, read.entries, place.key, linesBefore)
  yield* moveSteps(moved, entries.slice(next), place.key, linesBefore + linesIn(part) + 1 - lineOf(next))
  const newStarts = [
    ...starts.slice(0, first),
    ...read.starts.map((start) => start + from),
    ...starts.slice(next).map((start) => start + shift),
  ]
  return { text, entries: moved, starts: newStarts, gates, patched }
}
