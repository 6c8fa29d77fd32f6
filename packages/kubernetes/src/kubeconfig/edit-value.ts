import { isMap, isNode, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { block, columnOf, type Writable } from '@aws-iam-authenticator/core/edit/render'

/** A replacement of the text between two offsets. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A text, and the value that its nodes have. */
interface Source {
  readonly text: string
  readonly valueOf: (node: unknown) => unknown
  /** True if lists have the indentation of their keys. */
  readonly flatLists: boolean
}

type Fields = Readonly<Record<string, Writable>>

/** Applies edits that don't overlap. Keeps the line ends of the text. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const hasCrLf = text.includes('\r\n')
  let changed = text
  for (const { start, end, text: added } of edits.toSorted((a, b) => b.start - a.start)) {
    changed = changed.slice(0, start) + (hasCrLf ? added.replaceAll('\n', '\r\n') : added) + changed.slice(end)
  }
  return changed
}

/** The offsets of a node. */
function rangeOf(node: unknown): readonly [start: number, end: number] {
  const [start, end] = (isNode(node) ? node.range : null) ?? [0, 0]
  return [start, end]
}

export function startOf(node: unknown): number {
  return rangeOf(node)[0]
}

/** The offset after the last character of a node, without comments and line breaks that follow it. */
export function endOf(text: string, node: unknown): number {
  if (isMap(node) && node.flow !== true && node.items.length > 0) {
    const pair = node.items.at(-1)
    return endOf(text, pair?.value ?? pair?.key)
  }
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return endOf(text, node.items.at(-1))
  const [start, end] = rangeOf(node)
  return start + text.slice(start, end).trimEnd().length
}

/** The offset of the end of a line, after its comment. */
export function lineEnd(text: string, offset: number): number {
  const end = text.slice(offset).search(/\r?\n/)
  return end < 0 ? text.length : offset + end
}

export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

/** Formats a value as one line of JSON, which is also YAML. A kubeconfig in JSON stays JSON. */
export function inJson(value: Writable): string {
  return JSON.stringify(value)
}

/** Formats a scalar in the style of its surroundings. */
function scalarText(value: Writable, isFlow: boolean): string {
  return isFlow ? inJson(value) : block(value, 0, true).trimEnd()
}

function isContainer(value: Writable): value is readonly Writable[] | Fields {
  return typeof value === 'object' && value !== null
}

function isFields(value: Writable): value is Fields {
  return isContainer(value) && !Array.isArray(value)
}

/** Replaces a node as a whole. Returns undefined if the node and the value need different places, such as a scalar and a list. */
function replaceNode({ text, flatLists }: Source, node: unknown, value: Writable): readonly Edit[] | undefined {
  if (!isMap(node) && !isSeq(node)) return undefined
  const [start, end] = [startOf(node), endOf(text, node)]
  if (node.flow === true || !isContainer(value) || Object.keys(value).length === 0) {
    return [{ start, end, text: inJson(value) }]
  }
  return [{ start, end, text: block(value, columnOf(text, start), flatLists).trim() }]
}

/** Adds lines behind the last line of a block node. */
function appendBlock({ text, flatLists }: Source, node: YAMLMap, value: Fields): Edit {
  const end = lineEnd(text, endOf(text, node))
  return { start: end, end, text: `\n${block(value, columnOf(text, startOf(node)), flatLists).trimEnd()}` }
}

/** Adds a text behind the last item of a flow node. */
function appendFlow({ text }: Source, last: unknown, added: string): Edit {
  const end = endOf(text, last)
  return { start: end, end, text: `, ${added}` }
}

/** Removes the lines of a pair or an item of a block node. Comments on lines of their own stay. */
function removeLines({ text }: Source, first: unknown, last: unknown): Edit {
  const start = text.lastIndexOf('\n', startOf(first) - 1) + 1
  const end = lineEnd(text, endOf(text, last))
  const lineBreak = text.startsWith('\r\n', end) ? 2 : Math.min(1, text.length - end)
  return { start, end: end + lineBreak, text: '' }
}

/** The edits of one pair of a map. A pair without a wanted value is removed. */
function editPair(
  source: Source,
  map: YAMLMap,
  { key, value }: Pair,
  wanted: Writable | undefined,
): readonly Edit[] | undefined {
  if (wanted !== undefined) {
    return editValue(source, value, wanted, map.flow === true) ?? replaceNode(source, value, wanted)
  }
  return map.flow === true || map.items.length === 1 ? undefined : [removeLines(source, key, value ?? key)]
}

function editMap(source: Source, map: YAMLMap, wanted: Fields): readonly Edit[] | undefined {
  const edits: Edit[] = []
  const present = new Set<string>()
  for (const pair of map.items) {
    const name = isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : ''
    const inner = editPair(source, map, pair, Object.hasOwn(wanted, name) ? wanted[name] : undefined)
    if (inner === undefined || present.has(name)) return undefined
    present.add(name)
    edits.push(...inner)
  }
  const added = Object.entries(wanted).filter(([name]) => !present.has(name))
  if (added.length === 0) return edits
  const last = map.items.at(-1)
  if (last === undefined) return undefined
  if (map.flow !== true) return [...edits, appendBlock(source, map, Object.fromEntries(added))]
  const pairs = added.map(([name, field]) => `${inJson(name)}: ${inJson(field)}`)
  return [...edits, appendFlow(source, last.value ?? last.key, pairs.join(', '))]
}

/** The number of items at the end of a list that stay, after `start` items at its beginning. */
function sameAtEnd(present: readonly string[], wanted: readonly string[], start: number): number {
  const limit = Math.min(present.length, wanted.length) - start
  let count = 0
  while (count < limit && present.at(-1 - count) === wanted.at(-1 - count)) count += 1
  return count
}

function editSeq(source: Source, seq: YAMLSeq, wanted: readonly Writable[]): readonly Edit[] | undefined {
  const present = seq.items.map((item) => JSON.stringify(source.valueOf(item) ?? null))
  const texts = wanted.map(inJson)
  const differing = present.findIndex((item, index) => item !== texts[index])
  const start = differing < 0 ? present.length : differing
  const end = sameAtEnd(present, texts, start)
  const isFlow = seq.flow === true
  const [olds, news] = [seq.items.slice(start, present.length - end), wanted.slice(start, wanted.length - end)]
  const edits: Edit[] = []
  for (const [index, item] of olds.entries()) {
    const value = news[index]
    const inner = value === undefined ? undefined : editValue(source, item, value, isFlow)
    if (inner !== undefined) edits.push(...inner)
    else if (value === undefined && !isFlow && wanted.length > 0) edits.push(removeLines(source, item, item))
    else return undefined
  }
  const added = news.slice(olds.length)
  if (added.length === 0) return edits
  const before = seq.items[start + olds.length - 1]
  if (before === undefined) return undefined
  if (isFlow) return [...edits, appendFlow(source, before, added.map(inJson).join(', '))]
  const at = lineEnd(source.text, endOf(source.text, before))
  const lines = block(added, columnOf(source.text, startOf(seq)), source.flatLists).trimEnd()
  return [...edits, { start: at, end: at, text: `\n${lines}` }]
}

function isSingleLine(text: string, node: Node): boolean {
  return !text.slice(startOf(node), endOf(text, node)).includes('\n')
}

/**
 * The edits that give a node another value and change only what differs, so that comments in it stay.
 *
 * @returns undefined if the node must be written in another form.
 */
export function editValue(
  source: Source,
  node: unknown,
  wanted: Writable,
  isFlow: boolean,
): readonly Edit[] | undefined {
  if (JSON.stringify(source.valueOf(node) ?? null) === JSON.stringify(wanted)) return []
  if (isMap(node) && isFields(wanted)) return editMap(source, node, wanted)
  if (isSeq(node) && Array.isArray(wanted)) return editSeq(source, node, wanted)
  if (!isScalar(node) || isContainer(wanted) || !isSingleLine(source.text, node)) return undefined
  return [{ start: startOf(node), end: endOf(source.text, node), text: scalarText(wanted, isFlow) }]
}
