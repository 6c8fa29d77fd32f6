import { isMap, isNode, isScalar, isSeq, LineCounter, type Document, type YAMLMap, type YAMLSeq } from 'yaml'
import { readYamlDocument } from '@aws-iam-authenticator/core/document/read-yaml'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { block, columnOf, type Writable } from '@aws-iam-authenticator/core/edit/render'
import { applyEdits, editValue, endOf, inJson, lineEnd, pairOf, startOf } from './edit-value.ts'

/** The named lists of a kubeconfig, and the key of the value in their items. */
export const INNER = { users: 'user', clusters: 'cluster', contexts: 'context' } as const

export type KubeconfigList = keyof typeof INNER

/** An entry of a named list of a kubeconfig. */
export interface KubeconfigEntry {
  readonly list: KubeconfigList
  readonly name: string
  /** The value under the key `user`, `cluster` or `context`. */
  readonly value: Writable
}

const CURRENT_CONTEXT = 'current-context'

function itemOf({ list, name, value }: KubeconfigEntry): Writable {
  return { name, [INNER[list]]: value }
}

function replace(text: string, start: number, end: number, added: string): string {
  return applyEdits(text, [{ start, end, text: added }])
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

/** A way to change a text; undefined if it is impossible. */
type Change = () => string | undefined

/** Replaces the value of an item as a whole. */
function replaceItem(text: string, item: YAMLMap, entry: KubeconfigEntry, flatLists: boolean): string {
  if (item.flow === true) return replace(text, startOf(item), endOf(text, item), inJson(itemOf(entry)))
  const value = pairOf(item, INNER[entry.list])?.value
  const [node, written] = isEmpty(value) ? [item, itemOf(entry)] : [value, entry.value]
  const start = startOf(node)
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    return replace(text, start, endOf(text, node), block(written, columnOf(text, start), flatLists).trim())
  }
  return replace(text, start, endOf(text, node), inJson(written))
}

/** The ways to set an entry in a list that is not empty. */
function changesOfList(
  { text, document }: Parsed,
  list: YAMLSeq,
  entry: KubeconfigEntry,
  keyColumn: number,
): readonly Change[] {
  const found = list.items.find((item): item is YAMLMap => isMap(item) && item.get('name') === entry.name)
  const isFlow = list.flow === true
  const indent = columnOf(text, startOf(list))
  const flatLists = !isFlow && indent === keyColumn
  if (found !== undefined) {
    const source = { text, flatLists, valueOf: (node: unknown): unknown => (isNode(node) ? node.toJS(document) : node) }
    const value = pairOf(found, INNER[entry.list])?.value
    return [
      () => {
        const edits = editValue(source, value, entry.value, isFlow || found.flow === true)
        return edits === undefined ? undefined : applyEdits(text, edits)
      },
      () => replaceItem(text, found, entry, flatLists),
    ]
  }
  const last = list.items.at(-1)
  if (isFlow) {
    const at = endOf(text, last)
    return [() => replace(text, at, at, `, ${inJson(itemOf(entry))}`)]
  }
  const end = lineEnd(text, endOf(text, last))
  return [() => replace(text, end, end, `\n${block([itemOf(entry)], indent, flatLists).trimEnd()}`)]
}

/** Sets a key of the top level that has no value yet. */
function setEmptyKey(text: string, root: YAMLMap, key: string, written: Writable): string {
  const pair = pairOf(root, key)
  const value = pair?.value
  if (root.flow === true) {
    if (pair !== undefined) return replace(text, startOf(value), endOf(text, value), inJson(written))
    const last = root.items.at(-1)
    const at = last === undefined ? startOf(root) + 1 : endOf(text, last.value ?? last.key)
    return replace(text, at, at, `${last === undefined ? '' : ', '}${inJson(key)}: ${inJson(written)}`)
  }
  if (pair === undefined) {
    const end = text.endsWith('\n') ? '' : '\n'
    return replace(text, text.length, text.length, `${end}${block({ [key]: written }, 0, true)}`)
  }
  const keyEnd = endOf(text, pair.key)
  const start = keyEnd + text.slice(keyEnd).indexOf(':') + 1
  const separator = typeof written === 'object' ? '\n' : ' '
  return replace(text, start, Math.max(start, endOf(text, value)), `${separator}${block(written, 0, true).trimEnd()}`)
}

function changesOfEntry(parsed: Parsed, root: YAMLMap, entry: KubeconfigEntry): readonly Change[] {
  const { text } = parsed
  const pair = pairOf(root, entry.list)
  const value = pair?.value
  const isNone = isEmpty(value) || (isSeq(value) && value.items.length === 0)
  if (isSeq(value) && !isNone) return changesOfList(parsed, value, entry, columnOf(text, startOf(pair?.key)))
  return pair !== undefined && !isNone ? [] : [() => setEmptyKey(text, root, entry.list, [itemOf(entry)])]
}

function changesOfCurrentContext({ text }: Parsed, root: YAMLMap, name: string): readonly Change[] {
  const value = pairOf(root, CURRENT_CONTEXT)?.value
  if (isEmpty(value)) return [() => setEmptyKey(text, root, CURRENT_CONTEXT, name)]
  const source = { text, flatLists: true, valueOf: (): unknown => undefined }
  const edits = editValue(source, value, name, root.flow === true)
  return edits === undefined ? [] : [() => applyEdits(text, edits)]
}

/** A kubeconfig as text and as YAML. */
interface Parsed {
  readonly text: string
  readonly document: Document.Parsed
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

/** The value of the document; undefined if an alias is unresolved, expands too far, or is in its own value. */
function valueOf(document: Document.Parsed): unknown {
  try {
    const value: unknown = document.toJS()
    // Fails if the value contains itself.
    JSON.stringify(value)
    return value
  } catch {
    return undefined
  }
}

/** The value of the file with an entry, computed from its value before. */
function withEntry(before: Readonly<Record<string, unknown>>, entry: KubeconfigEntry): unknown {
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

/** A change, and the value of the file after it. */
interface Wanted {
  readonly changes: (parsed: Parsed, root: YAMLMap) => readonly Change[]
  readonly expected: (before: Readonly<Record<string, unknown>>) => unknown
}

function parse(text: string): Document.Parsed {
  const { document, lines } = documentOf(text)
  const [error] = document.errors
  if (error === undefined) return document
  const { line, col } = lines.linePos(error.pos[0])
  throw new AuthenticatorError(
    'invalid_kubeconfig',
    `line ${line}, column ${col}: it is not valid YAML (${error.code})`,
  )
}

function unresolvedAlias(): AuthenticatorError {
  return new AuthenticatorError('invalid_kubeconfig', "an alias in it can't be resolved")
}

/** Makes the first of the changes that has the expected effect and no other. */
function change(text: string, wanted: Wanted): string | undefined {
  const document = parse(text)
  const { contents } = document
  if (isEmpty(contents)) {
    if (document.directives?.docStart === true) return undefined
    const above = text === '' || text.endsWith('\n') ? text : `${text}\n`
    return change(`${above}${SKELETON}`, wanted)
  }
  if (!isMap(contents)) throw new AuthenticatorError('invalid_kubeconfig', 'it is not a mapping of keys to values')
  const before = valueOf(document)
  if (!isRecord(before)) throw unresolvedAlias()
  const expected = JSON.stringify(wanted.expected(before))
  if (expected === JSON.stringify(before)) return text
  for (const candidate of wanted.changes({ text, document }, contents)) {
    const changed = candidate()
    if (changed === undefined) continue
    const after = documentOf(changed).document
    if (after.errors.length === 0 && JSON.stringify(valueOf(after)) === expected) return changed
  }
  return undefined
}

/**
 * The value of a kubeconfig; null if it is empty.
 *
 * @throws {AuthenticatorError} `invalid_kubeconfig`, as {@link setKubeconfigEntry}.
 */
export function readKubeconfigText(text: string): unknown {
  const value = valueOf(parse(text))
  if (value === undefined) throw unresolvedAlias()
  return value
}

/**
 * Adds an entry to a kubeconfig, or changes its value. All other bytes of the text are unchanged, including comments. In the
 * value only what differs is changed, if its form allows that.
 *
 * @returns undefined if that is impossible without changing something else.
 * @throws {AuthenticatorError} `invalid_kubeconfig`: the text is not a YAML mapping. The message doesn't quote it.
 * @see {@link https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ | kubeconfig (v1)}
 */
export function setKubeconfigEntry(text: string, entry: KubeconfigEntry): string | undefined {
  return change(text, {
    changes: (parsed, root) => changesOfEntry(parsed, root, entry),
    expected: (before) => withEntry(before, entry),
  })
}

/** Sets the current context of a kubeconfig, as {@link setKubeconfigEntry} sets an entry. */
export function setCurrentContext(text: string, name: string): string | undefined {
  return change(text, {
    changes: (parsed, root) => changesOfCurrentContext(parsed, root, name),
    expected: (before) =>
      Object.fromEntries(new Map<string, unknown>(Object.entries(before)).set(CURRENT_CONTEXT, name)),
  })
}
