import { isMap, isScalar, isSeq, type Pair, type ParsedNode, type YAMLMap } from 'yaml'
import { isRecord } from '../untrusted.ts'
import { documentOf, itemsOf, lineEnd } from './list-text.ts'
import { block, columnOf, flow, type Writable } from './render.ts'

type ParsedPair = Pair<ParsedNode, ParsedNode | null>

/** The name under which an item has a field, whose case does not matter. */
function nameIn(item: Readonly<Record<string, unknown>>, field: string): string {
  return Object.keys(item).find((key) => key.toLowerCase() === field) ?? field
}

function replaceValue(text: string, old: ParsedNode, value: Writable, isFlow: boolean): string {
  const isLines = isSeq(old) && old.flow !== true && !isFlow
  const [start] = old.range
  // The range of a list in lines includes the comments after its last item.
  const [, end] = (isLines ? old.items.at(-1)?.range : undefined) ?? old.range
  let written: string
  if (isLines) written = block(value, columnOf(text, start), false).trim()
  else written = isFlow || typeof value !== 'string' ? flow(value) : block(value, 0, false).trimEnd()
  // A value that is left out, as in `groups:`, begins after the colon.
  const space = start === end && text[start - 1] === ':' ? ' ' : ''
  const lineBreak = text[end - 1] === '\n' && start < end ? '\n' : ''
  return text.slice(0, start) + space + written + lineBreak + text.slice(end)
}

function appendPair(text: string, map: YAMLMap.Parsed, name: string, value: Writable): string | null {
  const first = map.items[0]?.key
  const last = map.items.at(-1)
  if (first === undefined || last === undefined) return null
  if (map.flow === true) {
    const end = (last.value ?? last.key).range[1]
    return `${text.slice(0, end)}, ${name}: ${flow(value)}${text.slice(end)}`
  }
  const end = lineEnd(text, map.range[1])
  const lineBreak = text[end - 1] === '\n' ? '' : '\n'
  const lines = block({ [name]: value }, columnOf(text, first.range[0]), false)
  return text.slice(0, end) + lineBreak + lines + text.slice(end)
}

function isField({ key }: ParsedPair, field: string): boolean {
  return isScalar(key) && typeof key.value === 'string' && key.value.toLowerCase() === field
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

/** Renders items so that equal ones have equal texts. The order of an item's fields does not matter. */
function rendered(items: readonly unknown[]): string {
  return JSON.stringify(items.map((item) => (isRecord(item) ? Object.entries(item).toSorted(byName) : item)))
}

/**
 * Sets a field of an item of a YAML list. Everything else stays as it is, including comments.
 *
 * @param field The name in lower case.
 * @returns null if the field can't be set without changing something else.
 */
export function setItemField(text: string, index: number, field: string, value: Writable): string | null {
  const { contents, errors } = documentOf(text)
  const before = itemsOf(text)
  const item = before?.[index]
  if (errors.length > 0 || !isSeq(contents) || before === null || !isRecord(item)) return null
  const name = nameIn(item, field)
  const isUnchanged = JSON.stringify(item[name]) === JSON.stringify(value)
  if (isUnchanged) return text
  const map = contents.items[index]
  if (!isMap(map)) return null
  const old = map.items.find((pair) => isField(pair, field))
  const changed =
    old?.value === undefined || old.value === null
      ? appendPair(text, map, name, value)
      : replaceValue(text, old.value, value, map.flow === true)
  const after = changed === null ? null : itemsOf(changed)
  if (after === null) return null
  return rendered(after) === rendered(before.with(index, { ...item, [name]: value })) ? changed : null
}
