import { isMap, isNode, isScalar, isSeq, LineCounter, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { readYamlDocument } from '@aws-iam-authenticator/core/document/read-yaml'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { block, columnOf, type Writable } from '@aws-iam-authenticator/core/edit/render'

/** An entry of a named list of a kubeconfig. */
export interface KubeconfigEntry {
  readonly list: 'users' | 'contexts'
  readonly name: string
  /** The value under the key `user` or `context`. */
  readonly value: Writable
}

const INNER = { users: 'user', contexts: 'context' } as const

/** Formats a value as one line of JSON, which is also YAML. A kubeconfig in JSON stays JSON. */
function inJson(value: Writable): string {
  return JSON.stringify(value)
}

function itemOf({ list, name, value }: KubeconfigEntry): Writable {
  return { name, [INNER[list]]: value }
}

/** Replaces the text between two offsets. Keeps the line ends of the text. */
function replace(text: string, start: number, end: number, added: string): string {
  return text.slice(0, start) + (text.includes('\r\n') ? added.replaceAll('\n', '\r\n') : added) + text.slice(end)
}

/** The offsets of a node. */
function rangeOf(node: unknown): readonly [start: number, end: number] {
  const [start, end] = (isNode(node) ? node.range : null) ?? [0, 0]
  return [start, end]
}

/** The offset after the last character of a node, without comments that follow it. */
function endOf(node: unknown): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last: unknown = node.items.at(-1)
    if (isMap(node)) {
      const pair = node.items.at(-1)
      return endOf(pair?.value ?? pair?.key)
    }
    return endOf(last)
  }
  return rangeOf(node)[1]
}

function startOf(node: unknown): number {
  return rangeOf(node)[0]
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

/** The offset of the end of a line, after its comment. */
function lineEnd(text: string, offset: number): number {
  const end = text.slice(offset).search(/\r?\n/)
  return end < 0 ? text.length : offset + end
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

function replaceInBlockItem(text: string, item: YAMLMap, entry: KubeconfigEntry, flatLists: boolean): string {
  const value = pairOf(item, INNER[entry.list])?.value
  const [node, written] = isEmpty(value) ? [item, itemOf(entry)] : [value, entry.value]
  const start = startOf(node)
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const indent = columnOf(text, start)
    return replace(text, start, endOf(node), block(written, indent, flatLists).trim())
  }
  return replace(text, start, endOf(node), inJson(written))
}

/** Sets an entry in a list that is not empty. */
function setInList(text: string, list: YAMLSeq, entry: KubeconfigEntry, keyColumn: number): string {
  const isNamed = (item: unknown): item is YAMLMap => isMap(item) && item.get('name') === entry.name
  const found = list.items.find(isNamed)
  const last = list.items.at(-1)
  if (list.flow === true) {
    if (found !== undefined) return replace(text, startOf(found), endOf(found), inJson(itemOf(entry)))
    return replace(text, endOf(last), endOf(last), `, ${inJson(itemOf(entry))}`)
  }
  const indent = columnOf(text, startOf(list))
  const flatLists = indent === keyColumn
  if (found?.flow === true) return replace(text, startOf(found), endOf(found), inJson(itemOf(entry)))
  if (found !== undefined) return replaceInBlockItem(text, found, entry, flatLists)
  const end = lineEnd(text, endOf(last))
  return replace(text, end, end, `\n${block([itemOf(entry)], indent, flatLists).trimEnd()}`)
}

function setInMap(text: string, root: YAMLMap, entry: KubeconfigEntry): string | null {
  const pair = pairOf(root, entry.list)
  const { value } = pair ?? {}
  const isNone = isEmpty(value) || (isSeq(value) && value.items.length === 0)
  if (isSeq(value) && !isNone) return setInList(text, value, entry, columnOf(text, startOf(pair?.key)))
  if (pair !== undefined && !isNone) return null
  const list = [itemOf(entry)]
  if (root.flow === true) {
    if (pair !== undefined) return replace(text, startOf(value), endOf(value), inJson(list))
    const last = root.items.at(-1)
    const at = last === undefined ? startOf(root) + 1 : endOf(last.value ?? last.key)
    return replace(text, at, at, `${last === undefined ? '' : ', '}"${entry.list}": ${inJson(list)}`)
  }
  if (pair === undefined) {
    const end = text.endsWith('\n') ? '' : '\n'
    return replace(text, text.length, text.length, `${end}${block({ [entry.list]: list }, 0, true)}`)
  }
  const start = endOf(pair.key) + text.slice(endOf(pair.key)).indexOf(':') + 1
  return replace(text, start, Math.max(start, endOf(value)), `\n${block(list, 0, true).trimEnd()}`)
}

function documentOf(text: string): { readonly document: Document.Parsed; readonly lines: LineCounter } {
  const lines = new LineCounter()
  const document = readYamlDocument(text, {
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  return { document, lines }
}

/** The value of the document; undefined if an alias is unresolved or expands too far. */
function valueOf(document: Document.Parsed): unknown {
  try {
    const value: unknown = document.toJS()
    return value
  } catch {
    return undefined
  }
}

/** The value of the file after the change, computed from its value before. */
function expected(before: Readonly<Record<string, unknown>>, entry: KubeconfigEntry): unknown {
  const root = new Map<string, unknown>(Object.entries(before))
  const list: unknown = root.get(entry.list)
  const items: unknown[] = Array.isArray(list) ? Array.from<unknown>(list) : []
  const fields = items.map((item) => new Map<string, unknown>(isRecord(item) ? Object.entries(item) : []))
  const index = fields.findIndex((item) => item.get('name') === entry.name)
  const item = new Map([...(fields[index] ?? [['name', entry.name]]), [INNER[entry.list], entry.value]])
  items.splice(index < 0 ? items.length : index, 1, Object.fromEntries(item))
  return Object.fromEntries(root.set(entry.list, items))
}

/** The start of a kubeconfig, for a file with nothing but comments. */
const SKELETON = 'apiVersion: v1\nkind: Config\n'

/**
 * Adds an entry to a kubeconfig, or replaces its value. All other bytes of the text are unchanged, including comments.
 *
 * @returns null if that is impossible without changing something else.
 * @throws {AuthenticatorError} `invalid_kubeconfig`: the text is not a YAML mapping. The message doesn't quote it.
 * @see {@link https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ | kubeconfig (v1)}
 */
export function setKubeconfigEntry(text: string, entry: KubeconfigEntry): string | null {
  const { document, lines } = documentOf(text)
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    throw new AuthenticatorError(
      'invalid_kubeconfig',
      `line ${line}, column ${col}: it is not valid YAML (${error.code})`,
    )
  }
  const { contents } = document
  if (isEmpty(contents)) {
    if (document.directives?.docStart === true) return null
    const above = text === '' || text.endsWith('\n') ? text : `${text}\n`
    return setKubeconfigEntry(`${above}${SKELETON}`, entry)
  }
  if (!isMap(contents)) throw new AuthenticatorError('invalid_kubeconfig', 'it is not a mapping of keys to values')
  const before = valueOf(document)
  if (!isRecord(before)) throw new AuthenticatorError('invalid_kubeconfig', 'an alias in it can not be resolved')
  const wanted = JSON.stringify(expected(before, entry))
  if (wanted === JSON.stringify(before)) return text
  const changed = setInMap(text, contents, entry)
  if (changed === null) return null
  const after = documentOf(changed).document
  return after.errors.length === 0 && JSON.stringify(valueOf(after)) === wanted ? changed : null
}
