import type { Oddity } from './oddities.ts'

/** A key of an entry and its value. Further lines of a value are indented like the key. An empty key: only the lines. */
export interface Pair {
  readonly key: string
  readonly value: string
}

/** An entry of mapRoles or mapUsers before it is rendered. */
export interface DraftEntry {
  readonly pairs: readonly Pair[]
  /** True for flow style. */
  readonly isFlow: boolean
}

/** An item of a list: an entry, or the text of anything else. */
export type DraftItem = DraftEntry | string

/** An oddity, and a number from 0 to {@link MAX_PLACE} that selects its place. */
export interface PlacedOddity {
  readonly kind: string
  readonly oddity: Oddity
  readonly place: number
}

export const MAX_PLACE = 10_000

function indent(text: string, by: string): string {
  return text.replaceAll('\n', `\n${by}`)
}

function inBrackets(value: string): string {
  if (/^\n *- /.test(value))
    return `[${value
      .split(/\n *- /)
      .slice(1)
      .join(', ')}]`
  return value.includes('{{') && !value.startsWith('"') ? `"${value}"` : value
}

function writePair({ key, value }: Pair): string {
  if (key === '') return indent(value, '  ')
  // A list may be at the indentation of its key.
  const indented = indent(value, /^\n *- /.test(value) ? '  ' : '    ')
  return `${key}:${value === '' || value.startsWith('\n') ? '' : ' '}${indented}`
}

function writeItem(item: DraftItem): string {
  if (typeof item === 'string') return `- ${item}\n`
  if (!item.isFlow) return `- ${item.pairs.map(writePair).join('\n  ')}\n`
  const pairs = item.pairs.map(({ key, value }) => `${key}: ${inBrackets(value)}`)
  return `- ${indent(`{${pairs.join(', ')}}`, '  ')}\n`
}

/** Replaces one element of a list. */
function replaceAt<T>(list: readonly T[], place: number, change: (element: T) => T): readonly T[] {
  return list.map((element, index) => (index === place % list.length ? change(element) : element))
}

/** The alternatives to a list of groups. Elsewhere they are of the kind "wrong type". */
const LIST = /^\[|^\n? *- /

/** Replaces the first group by a text. */
function replaceGroup(groups: string, text: string): string {
  if (text.includes('\n')) return `\n- ${indent(text, '  ')}`
  const pattern = groups.includes('- ') ? /(?<=- )[^\n]*/ : /[^[\],]+|(?<=\[)(?=\])/
  return groups.replace(pattern, () => text)
}

function changeEntry(entry: DraftEntry, { kind, oddity, place }: PlacedOddity): DraftEntry {
  const { pairs, isFlow } = entry
  if (oddity.at === 'all') return entry
  const key = pairs[place % Math.max(pairs.length, 1)]?.key ?? 'groups'
  const text = oddity.text.replaceAll('‹key›', key)
  if (oddity.at === 'value') {
    if (LIST.test(text) && kind !== 'wrong type') {
      return { isFlow, pairs: [...pairs.filter((pair) => pair.key !== 'groups'), { key: 'groups', value: text }] }
    }
    const isWhole = kind === 'wrong type' || (/^[{&*!]/.test(text) && place % 2 === 0)
    const change = ({ key: ofValue, value }: Pair): Pair => {
      return { key: ofValue, value: ofValue === 'groups' && !isWhole ? replaceGroup(value, text) : text }
    }
    return { isFlow, pairs: replaceAt(pairs, place >> 1, change) }
  }
  if (oddity.at === 'key') return { isFlow, pairs: replaceAt(pairs, place, ({ value }) => ({ key: text, value })) }
  if (oddity.at !== 'pair') return entry
  const index = (place >> 2) % (pairs.length + 1)
  return { isFlow: false, pairs: pairs.toSpliced(index, 0, { key: '', value: text }) }
}

function changeItems(items: readonly DraftItem[], placed: PlacedOddity): readonly DraftItem[] {
  const { oddity, place } = placed
  if (oddity.at === 'item') {
    return items.toSpliced(place % (items.length + 1), place % 3 === 0 ? 1 : 0, oddity.text)
  }
  return replaceAt(items, place, (item) => {
    if (typeof item !== 'string') return changeEntry(item, placed)
    return oddity.at === 'value' ? oddity.text : item
  })
}

/** Inserts a text; half of the time at the beginning or end of a line, where most rules of YAML apply. */
function insert(text: string, added: string, place: number): string {
  const at = Math.floor((place / (MAX_PLACE + 1)) * (text.length + 1))
  let index = at
  if (place % 4 === 1) index = text.lastIndexOf('\n', at) + 1
  if (place % 4 === 3) index = Math.max(text.indexOf('\n', at), 0)
  return text.slice(0, index) + added + text.slice(index)
}

function changeText(text: string, { oddity, place }: PlacedOddity): string {
  if (oddity.at === 'all') return oddity.change(text)
  if (oddity.at === 'anywhere') return insert(text, oddity.text, place)
  if (oddity.at === 'before') return oddity.text + text
  if (oddity.at === 'after') return text + oddity.text
  return oddity.at === 'whole' ? oddity.text : text
}

/** Writes a list with its oddities. */
export function writeDraft(items: readonly DraftItem[], oddities: readonly PlacedOddity[]): string {
  const text = oddities.reduce(changeItems, items).map(writeItem).join('')
  return oddities.reduce(changeText, text)
}
