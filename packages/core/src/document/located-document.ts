import { didYouMean } from './did-you-mean.ts'
import { findInvisible } from './invisible-character.ts'
import { DOCUMENT_LIMITS } from './limits.ts'
import { LineIndex } from './line-index.ts'
import { parseJson } from './parse-json.ts'
import { parseYaml } from './parse-yaml.ts'
import type { Location, Problem } from '../errors/problem.ts'
import { hasFault, type PairNode, type TreeNode } from './tree.ts'

/** A value in a document. The document computes its path and line on demand, because most values have no problems. */
export interface Field {
  /** Null if the document or the pair has no value. */
  readonly node: TreeNode | null
  /** The key as written, or the index in a list. For the root, its path. */
  readonly step: string | number
  /** The key in lower case; empty if there is none. */
  readonly name: string
  /** The map or list that contains it; null for the root. */
  readonly parent: Field | null
  /** Its offset in the text; null if it has the location of its parent. */
  readonly offset: number | null
}

/** The fields of a map by their names in lower case. */
export interface Fields {
  get(name: string): Field | undefined
}

/** The text of a scalar without quotes. */
interface ScalarText {
  readonly text: string
  readonly type: 'string' | 'number' | 'boolean'
}

/** Caches the lower-case form of lists of names. */
const lowerNames = new WeakMap<readonly string[], ReadonlySet<string>>()

function inLowerCase(names: readonly string[]): ReadonlySet<string> {
  const known = lowerNames.get(names)
  if (known !== undefined) return known
  const made = new Set(names.map((name) => name.toLowerCase()))
  lowerNames.set(names, made)
  return made
}

/** A key in lower case; the long s counts as an s, as for Go's encoding/json. */
function foldKey(key: string): string {
  return key.toLowerCase().replaceAll('ſ', 's')
}

const IGNORED = 'ends the first document, and what follows has no effect: remove this line, or what follows'

/** The rules for the keys of a map. */
interface KeyRules {
  /** Whether a key that is not known is an error. Default: a warning. */
  readonly mustBeKnown?: (key: string) => boolean
  /** Whether the last of several equal keys counts, with a warning. Default false: a duplicate key is an error. */
  readonly lastCounts?: boolean
}

/** A hint at an invisible character in a key; otherwise an empty string. */
function invisibleHint(key: string): string {
  const found = findInvisible(key)
  return found === undefined ? '' : ` (it has ${found.name}: write the key without it)`
}

/**
 * A YAML or JSON document that is read value by value.
 *
 * A value that does not have the requested type becomes a problem with line and column, never a default.
 */
export class LocatedDocument {
  /** The problems up to {@link DOCUMENT_LIMITS}.problems, and after them one that counts the rest. */
  readonly problems: Problem[] = []
  /** The whole document; its node is null if the text is empty. */
  readonly root: Field
  /** True if the text could not be parsed. Then it has no values. */
  readonly unreadable: boolean
  readonly #source: string
  readonly #lines: LineIndex
  #errorCount = 0
  #formErrorCount = 0
  #problemCount = 0

  constructor(text: string, source: string, format: 'yaml' | 'json' = 'yaml') {
    this.#source = source
    // A byte order mark is not part of YAML; in JSON it is an error.
    const rest = format === 'yaml' && text.startsWith('\ufeff') ? text.slice(1) : text
    this.#lines = new LineIndex(rest)
    const parsed = format === 'json' ? parseJson(rest) : parseYaml(rest)
    const { contents, error } = parsed
    this.unreadable = error !== null
    this.root = { node: contents, step: '', name: '', parent: null, offset: null }
    if (error === null) {
      const { ignoredFrom } = parsed
      if (ignoredFrom !== undefined) this.warn({ ...this.root, offset: ignoredFrom }, IGNORED)
      return
    }
    const message = `is not valid ${format === 'json' ? 'JSON' : 'YAML'}: ${error.message}`
    this.error({ ...this.root, offset: error.offset }, error.isWhole === true ? error.message : message)
  }

  /** The number of errors so far, reported or not. */
  get errorCount(): number {
    return this.#errorCount
  }

  /** @param message The text, or a function that makes it: called only if the problem is reported. */
  error(field: Field, message: string | (() => string)): null {
    this.#errorCount += 1
    this.#report('error', field, message)
    return null
  }

  /** The number of errors in the form: values of the wrong type, and missing keys. `errorCount` includes them. */
  get formErrorCount(): number {
    return this.#formErrorCount
  }

  /** Reports an error in the form. @param message As for {@link error}. */
  formError(field: Field, message: string | (() => string)): null {
    this.#formErrorCount += 1
    return this.error(field, message)
  }

  /** @param message As for {@link error}. */
  warn(field: Field, message: string | (() => string)): void {
    this.#report('warning', field, message)
  }

  /** Warns of a mistake that only changes what an entry grants: `lint` reports it as an error. @param message As for {@link error}. */
  warnOfMistake(field: Field, message: string | (() => string)): void {
    this.#report('warning', field, message, true)
  }

  #report(
    severity: Problem['severity'],
    field: Field,
    message: string | (() => string),
    isMistake: boolean = false,
  ): void {
    this.#problemCount += 1
    const { problems: limit } = DOCUMENT_LIMITS
    if (this.#problemCount <= limit) {
      const text = typeof message === 'string' ? message : message()
      const problem = { severity, location: this.locationOf(field), path: this.pathOf(field), message: text }
      this.problems.push(isMistake ? { ...problem, isMistake } : problem)
      return
    }
    const last = this.problems[limit]
    this.problems[limit] = {
      severity: last?.severity === 'error' ? 'error' : severity,
      location: last?.location ?? this.locationOf(field),
      path: '',
      message: `${this.#problemCount - limit} more problems are not shown: fix those before this one first`,
    }
  }

  /** The path of a value, such as `server.mapRoles[3]`. */
  pathOf({ step, parent }: Field): string {
    const around = parent === null ? '' : this.pathOf(parent)
    if (typeof step === 'number') return `${around}[${step}]`
    return around === '' ? step : `${around}.${step}`
  }

  /** The line and column of a value. */
  locationOf({ offset, parent }: Field): Location {
    if (offset !== null) return { source: this.#source, ...this.#lines.locate(offset) }
    return parent === null ? { source: this.#source, line: 1, column: 1 } : this.locationOf(parent)
  }

  /** Returns whether a value is absent or null. */
  isNull(field: Field): boolean {
    const node = this.#resolve(field.node)
    return node === null || (node.kind === 'scalar' && node.value === null)
  }

  isList(field: Field): boolean {
    return this.#resolve(field.node)?.kind === 'list'
  }

  isMap(field: Field): boolean {
    return this.#resolve(field.node)?.kind === 'map'
  }

  /**
   * The items of a list as a configuration file may write them: an empty text or map is an empty list, and any other value is a list of one.
   */
  looseItems(field: Field): readonly Field[] {
    const node = this.#resolve(field.node)
    if (node === null || this.isNull(field)) return []
    if (node.kind === 'list') return this.items(field) ?? []
    const isEmpty = node.kind === 'map' ? node.pairs.length === 0 : this.textOf(field) === ''
    return isEmpty ? [] : [field]
  }

  /** The items of a list. */
  items(field: Field): readonly Field[] | null {
    const items = this.#listOf(field)
    if (items === null) return null
    const fields: Field[] = []
    for (const item of items) fields.push(this.item(field, item, fields.length))
    return fields
  }

  #listOf(field: Field): readonly TreeNode[] | null {
    const node = this.#resolve(field.node)
    return node?.kind === 'list' ? node.items : this.formError(field, `must be a list, not ${this.#describe(field)}`)
  }

  /** A field for an item. The list does not have to contain it. */
  item(list: Field, item: TreeNode, index: number): Field {
    return { node: item, step: index, name: '', parent: list, offset: item.offset }
  }

  /** The fields of a map by their lower-case names. Keys ignore case. A key that is not in `names` is omitted with a warning. */
  fields(field: Field, names: readonly string[], rules: KeyRules = {}): Fields | null {
    if (!this.isMap(field))
      return this.formError(field, `must be a map of ${names.join(', ')}, not ${this.#describe(field)}`)
    const found = new FewFields()
    const known = inLowerCase(names)
    for (const pair of this.#pairsOf(field)) {
      const value = this.#valueOf(pair, field)
      const key = value.name
      const earlier = found.get(key)
      if (earlier !== undefined) this.#addDuplicate(found, earlier, value, rules)
      else if (known.has(key)) found.add(value)
      else {
        const hint = (): string => `${invisibleHint(pair.key)}${didYouMean(pair.key, names)}`
        if (rules.mustBeKnown?.(key) === true) this.error(value, () => `is not a known key${hint()}`)
        else this.warn(value, () => `is not a known key, and has no effect${hint()}`)
      }
    }
    return found
  }

  #addDuplicate(found: FewFields, earlier: Field, value: Field, { lastCounts, mustBeKnown }: KeyRules): void {
    const isEqual = earlier.step === value.step
    // Of conditions, the one that is meant is not guessed.
    if (lastCounts === true && isEqual && mustBeKnown?.(value.name) !== true) {
      found.replace(earlier, value)
      this.warn(earlier, 'has no effect, because the key is there again: remove one of the two')
    } else if (isEqual) this.error(value, 'is there twice: remove one of the two')
    else this.error(value, 'is there twice (keys ignore case): remove one of the two')
  }

  /** The keys of a map as written, with their values. Empty if the value is not a map. */
  pairs(field: Field): readonly (readonly [string, Field])[] {
    return this.#pairsOf(field).map((pair) => [pair.key, this.#valueOf(pair, field)])
  }

  /** A string, or null for any other value. Reports no problem. */
  textOf(field: Field): string | null {
    const node = this.#resolve(field.node)
    return node?.kind === 'scalar' && typeof node.value === 'string' && node.otherType === null ? node.value : null
  }

  /** Reports the first value at or below a field that can't be represented in JSON. Returns whether there is one. */
  reportFault(field: Field): boolean {
    return hasFault(field.node) && this.#reportFault(field)
  }

  #reportFault(field: Field): boolean {
    const node = this.#resolve(field.node)
    if (node === null || node.kind === 'alias') return false
    if (node.kind !== 'list' && node.fault !== null) {
      this.error(field, node.fault)
      return true
    }
    const inner = node.kind === 'list' ? (this.items(field) ?? []) : this.pairs(field).map(([, value]) => value)
    return inner.some((value) => this.#reportFault(value))
  }

  /** The text of a string, number or boolean. */
  scalar(field: Field): ScalarText | null {
    const node = this.#resolve(field.node)
    if (node?.kind === 'scalar') {
      const { value, source, otherType } = node
      if (typeof value === 'string') return { text: value, type: otherType ?? 'string' }
      if (typeof value === 'number' || typeof value === 'boolean') {
        return { text: source ?? String(value), type: typeof value === 'number' ? 'number' : 'boolean' }
      }
    }
    const quote = node?.kind === 'map' ? ': put a value that begins with {{ in quotes' : ''
    return this.formError(field, `must be a string, not ${this.#describe(field)}${quote}`)
  }

  /** A string. An unquoted number or boolean is an error. */
  string(field: Field): string | null {
    const text = this.textOf(field)
    if (text !== null) return text
    const scalar = this.scalar(field)
    if (scalar === null) return null
    return this.formError(field, `must be a string, not a ${scalar.type}: write "${scalar.text}" in quotes`)
  }

  /**
   * A string as a configuration file may write it: a number is its text, unless other parsers read a different number, such as an octal one.
   * Words such as `yes` are strings. A boolean is an error.
   */
  looseString(field: Field): string | null {
    const node = this.#resolve(field.node)
    if (node?.kind !== 'scalar') return this.string(field)
    const { value, source, otherType } = node
    if (typeof value === 'string' && otherType === 'boolean') return value
    return typeof value === 'number' && String(value) === source ? source : this.string(field)
  }

  #pairsOf(field: Field): readonly PairNode[] {
    const node = this.#resolve(field.node)
    return node?.kind === 'map' ? node.pairs : []
  }

  /** The field of a pair. A value without an offset, such as an empty one, has that of its key. */
  #valueOf(pair: PairNode, field: Field): Field {
    const { key, value } = pair
    return { node: value, step: key, name: foldKey(key), parent: field, offset: value?.offset ?? pair.offset }
  }

  #describe(field: Field): string {
    const node = this.#resolve(field.node)
    if (node?.kind === 'map') return 'a map'
    if (node?.kind === 'list') return 'a list'
    if (node?.kind === 'alias') return `*${node.name}, which names nothing`
    if (node === null || node.value === null) return 'nothing'
    return `${typeof node.value} ${JSON.stringify(node.value).slice(0, 80)}`
  }

  #resolve(node: TreeNode | null): TreeNode | null {
    return node?.kind === 'alias' ? (node.target ?? node) : node
  }
}

/** A list of fields. Most maps have few fields, so a linear search is faster than a map. */
class FewFields implements Fields {
  readonly #fields: Field[] = []

  add(field: Field): void {
    this.#fields.push(field)
  }

  replace(earlier: Field, field: Field): void {
    this.#fields[this.#fields.indexOf(earlier)] = field
  }

  get(name: string): Field | undefined {
    for (const field of this.#fields) if (field.name === name) return field
    return undefined
  }
}
