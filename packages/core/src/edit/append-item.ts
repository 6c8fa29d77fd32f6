import { isMap, isScalar, isSeq, type ParsedNode, type Range, type YAMLMap, type YAMLSeq } from 'yaml'
import { documentOf, isNothing, itemsOf } from './list-text.ts'
import { block, columnOf, flow, type Writable } from './render.ts'

/** True if lists have the indentation of their keys, as in the output of Kubernetes tools. */
function hasFlatLists(text: string, entries: readonly ParsedNode[]): boolean {
  const maps = entries.filter((entry): entry is YAMLMap.Parsed => isMap(entry) && entry.flow !== true)
  const lists = maps.flatMap(({ items }) => items.map(({ key, value }) => ({ key, value })))
  const list = lists.findLast(({ value }) => isSeq(value) && value.flow !== true)
  if (!isScalar(list?.key) || !isSeq(list.value)) return false
  return columnOf(text, list.key.range[0]) === columnOf(text, list.value.range[0])
}

function appendBlock(text: string, item: Writable, indent: number, flatLists: boolean): string {
  const end = text === '' || text.endsWith('\n') ? '' : '\n'
  return text + end + block([item], indent, flatLists)
}

function insert(text: string, offset: number, added: string): string {
  return text.slice(0, offset) + added + text.slice(offset)
}

/** Removes a range, such as that of an explicit `null`, from a text. */
function without(text: string, range: Range | undefined): string {
  if (range === undefined) return text
  const [start, end] = range
  return start === end ? text : (text.slice(0, start) + text.slice(end)).trimEnd()
}

function appendToList(text: string, list: YAMLSeq.Parsed, item: Writable): string {
  const [start, end] = list.range
  const last = list.items.at(-1)
  if (list.flow !== true) return appendBlock(text, item, columnOf(text, start), hasFlatLists(text, list.items))
  if (last === undefined) {
    const isAlone = /^\[\s*\]$/.test(text.slice(start, end)) && /^\s*$/.test(text.slice(0, start) + text.slice(end))
    return isAlone ? block([item], 0, false) : insert(text, start + 1, flow(item))
  }
  const before = text.slice(0, last.range[0])
  const ownLine = /\n[ \t]*$/.exec(before)?.[0] ?? ' '
  return insert(text, last.range[1], `,${ownLine}${flow(item)}`)
}

/**
 * Appends an item to a YAML list in the indentation and style of the list. Everything else stays as it is, including comments. A text
 * without a list becomes one.
 *
 * @param empty Whether the text stands for an empty list.
 * @returns null if the item can't be added without changing something else.
 */
export function appendItem(text: string, item: Writable, empty: boolean): string | null {
  const { contents, errors } = documentOf(text)
  if (!empty && errors.length > 0) return null
  const isVoid = empty || isNothing(contents)
  let appended: string
  if (isSeq(contents) && !empty) appended = appendToList(text, contents, item)
  else if (isVoid) appended = appendBlock(empty ? '' : without(text, contents?.range), item, 0, false)
  else return null
  const before = isVoid ? [] : itemsOf(text)
  const after = itemsOf(appended)
  if (before === null || after === null) return null
  return JSON.stringify(after) === JSON.stringify([...before, item]) ? appended : null
}
