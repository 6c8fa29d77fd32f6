import { isSeq, type YAMLSeq } from 'yaml'
import { documentOf, isNothing, itemsOf, lineEnd } from './list-text.ts'

/** The offset of the dash of an item; undefined if it is not known. */
function dashOf({ srcToken }: YAMLSeq.Parsed, index: number): number | undefined {
  if (srcToken?.type !== 'block-seq') return undefined
  return srcToken.items[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset
}

/** Removes the lines of an item. Comments above and below them stay. */
function removeLines(text: string, list: YAMLSeq.Parsed, index: number): string | null {
  const item = list.items[index]
  const dash = dashOf(list, index)
  if (item === undefined || dash === undefined) return null
  const start = text.lastIndexOf('\n', dash - 1) + 1
  if (text.slice(start, dash).trim() !== '') return null
  return text.slice(0, start) + text.slice(lineEnd(text, item.range[1]))
}

/** Removes an item of a flow list and the comma beside it. */
function removeFromFlow(text: string, { items }: YAMLSeq.Parsed, index: number): string | null {
  const [before, item, after] = [items[index - 1], items[index], items[index + 1]]
  if (item === undefined) return null
  const start = after === undefined && before !== undefined ? before.range[1] : item.range[0]
  return text.slice(0, start) + text.slice(after === undefined ? item.range[1] : after.range[0])
}

/**
 * Removes an item of a YAML list. Everything else stays as it is, including comments.
 *
 * @returns null if the item can't be removed without changing something else.
 */
export function removeItem(text: string, index: number): string | null {
  const { contents, errors } = documentOf(text)
  if (errors.length > 0 || !isSeq(contents)) return null
  const removed = contents.flow === true ? removeFromFlow(text, contents, index) : removeLines(text, contents, index)
  if (removed === null) return null
  const rest = documentOf(removed)
  const before = itemsOf(text)
  const after = rest.errors.length === 0 && isNothing(rest.contents) ? [] : itemsOf(removed)
  if (before === null || after === null) return null
  return JSON.stringify(after) === JSON.stringify(before.toSpliced(index, 1)) ? removed : null
}
