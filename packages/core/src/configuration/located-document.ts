import { finish, type Steps } from '../steps.ts'
import { didYouMean } from './closest.ts'
import { jsonSteps } from './parse-json.ts'
import { yamlSteps } from './parse-yaml.ts'
import type { Location, Problem } from './problem.ts'
import type { PairNode, Parsed, TreeNode } from './tree.ts'

/** A value in a document together with where it stands. */
export interface Field {
  /** Null where the document or the pair has no value. */
  readonly node: TreeNode | null
  readonly path: string
  readonly location: Location
}

/** The fields of a map by their names in lower case. */
export interface Fields {
  get(name: string): Field | undefined
}

/** A string or number as it is written, quotes removed. */
export interface ScalarText {
  readonly text: string
  readonly type: 'string' | 'number' | 'boolean'
}

type Format = 'yaml' | 'json'

/** The lists of names that maps are read with, in lower case. */
const lowerNames = new WeakMap<readonly string[], ReadonlySet<string>>()

function inLowerCase(names: readonly string[]): ReadonlySet<string> {
  const known = lowerNames.get(names)
  if (known !== undefined) return known
  const made = new Set(names.map((name) => name.toLowerCase()))
  lowerNames.set(names, made)
  return made
}

function parseSteps(text: string, format: Format): Steps<Parsed> {
  return format === 'json' ? jsonSteps(text) : yamlSteps(text)
}

/** Reads a document in steps. */
export function* documentSteps(text: string, source: string, format: Format = 'yaml'): Steps<LocatedDocument> {
  return new LocatedDocument(text, source, format, yield* parseSteps(text, format))
}

/**
 * A YAML or JSON document that is read value by value.
 *
 * Whatever does not have the form asked for becomes a problem with line and column, never a default.
 */
export class LocatedDocument {
  readonly problems: Problem[] = []
  /** The whole document; its node is null where the text holds nothing. */
  readonly root: Field
  /** Whether the text is no document at all: nothing in it can be trusted. */
  readonly unreadable: boolean
  /** Whether it is a list in which each item is read by itself. */
  readonly isRegular: boolean
  readonly #source: string
  readonly #text: string
  /** Where each line begins, as far as somebody wanted to know. */
  readonly #lines: number[] = [0]
  #hasAllLines = false
  #errorCount = 0

  constructor(
    text: string,
    source: string,
    format: Format = 'yaml',
    parsed: Parsed = finish(parseSteps(text, format)),
  ) {
    this.#source = source
    this.#text = text
    const { contents, error } = parsed
    this.unreadable = error !== null
    this.isRegular = error === null && parsed.isRegular === true
    this.root = { node: contents, path: '', location: { source, line: 1, column: 1 } }
    if (error === null) return
    const message = `is no valid ${format === 'json' ? 'JSON' : 'YAML'}: ${error.message}`
    this.error({ ...this.root, location: this.#at(error.offset) }, error.isWhole === true ? error.message : message)
  }

  /** How many errors there are so far. */
  get errorCount(): number {
    return this.#errorCount
  }

  error(field: Field, message: string): null {
    this.#errorCount += 1
    this.problems.push({ severity: 'error', location: field.location, path: field.path, message })
    return null
  }

  warn(field: Field, message: string): void {
    this.problems.push({ severity: 'warning', location: field.location, path: field.path, message })
  }

  /** Whether there is nothing at all: no value, or null. */
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

  /** The items of a list. */
  items(field: Field): readonly Field[] | null {
    const items = this.each(field)
    return items === null ? null : [...items]
  }

  /** The items of a list, one after the other. */
  each(field: Field): Iterable<Field> | null {
    const node = this.#resolve(field.node)
    if (node?.kind !== 'list') return this.error(field, `must be a list, not ${this.#describe(field)}`)
    return this.#each(node.items, field)
  }

  *#each(items: readonly TreeNode[], field: Field): Generator<Field> {
    let index = 0
    for (const item of items) {
      yield new Part(item, field, index, item, this.#at)
      index += 1
    }
  }

  /**
   * The fields of a map by their lower-case names: keys ignore case. A key that is not in `names` is warned about and left
   * out; one that is there twice in different cases is an error.
   *
   * @param mustBeKnown Whether a key that is not in `names` is an error.
   */
  fields(field: Field, names: readonly string[], mustBeKnown: (key: string) => boolean = () => false): Fields | null {
    if (!this.isMap(field))
      return this.error(field, `must be a map of ${names.join(', ')}, not ${this.#describe(field)}`)
    const found = new FewFields()
    const known = inLowerCase(names)
    for (const pair of this.#pairsOf(field)) {
      const written = keyText(pair.key)
      const key = written.toLowerCase()
      const value = this.#valueOf(pair, written, field)
      if (found.get(key) !== undefined) this.error(value, 'is there twice (keys ignore case): remove one of the two')
      else if (known.has(key)) found.add(key, value)
      else if (mustBeKnown(key)) this.error(value, `is not a known key${didYouMean(written, names)}`)
      else this.warn(value, `is not a known key, and has no effect${didYouMean(written, names)}`)
    }
    return found
  }

  /** The keys of a map as they are written, with their values; nothing where it is no map. */
  pairs(field: Field): readonly (readonly [string, Field])[] {
    return this.#pairsOf(field).map((pair) => {
      const written = keyText(pair.key)
      return [written, this.#valueOf(pair, written, field)]
    })
  }

  /** A string as it is, without a complaint about anything else; null where it is none. */
  textOf(field: Field): string | null {
    const node = this.#resolve(field.node)
    return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null
  }

  /** A string, a number or a boolean as it is written. */
  scalar(field: Field): ScalarText | null {
    const node = this.#resolve(field.node)
    if (node?.kind === 'scalar') {
      const { value, source } = node
      if (typeof value === 'string') return { text: value, type: 'string' }
      if (typeof value === 'number' || typeof value === 'boolean') {
        return { text: source ?? String(value), type: typeof value === 'number' ? 'number' : 'boolean' }
      }
    }
    const quote = node?.kind === 'map' ? ': put a value that begins with {{ in quotes' : ''
    return this.error(field, `must be a string, not ${this.#describe(field)}${quote}`)
  }

  /** A string; a number or boolean that was not quoted is an error that says to quote it. */
  string(field: Field): string | null {
    const scalar = this.scalar(field)
    if (scalar === null || scalar.type === 'string') return scalar?.text ?? null
    return this.error(field, `must be a string, not a ${scalar.type}: write "${scalar.text}" in quotes`)
  }

  #pairsOf(field: Field): readonly PairNode[] {
    const node = this.#resolve(field.node)
    return node?.kind === 'map' ? this.#mergedPairs(node.pairs) : []
  }

  /** A value that stands nowhere by itself, such as one that is empty, stands where its key does. */
  #valueOf({ key, value }: PairNode, written: string, field: Field): Field {
    const placed = typeof value?.offset === 'number' ? value : key
    return new Part(value, field, written, placed, this.#at)
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
    return node?.kind === 'alias' ? (node.target() ?? node) : node
  }

  /** The pairs of a map, those merged in with `<<` (a map, or a list of maps) after its own, as YAML 1.1 has it. */
  #mergedPairs(pairs: readonly PairNode[]): readonly PairNode[] {
    if (!pairs.some(isMergeKey)) return pairs
    const own = pairs.filter((pair) => !isMergeKey(pair))
    const names = new Set(own.map(({ key }) => keyText(key).toLowerCase()))
    const merged = pairs.filter(isMergeKey).flatMap(({ value }) => {
      const node = this.#resolve(value)
      const sources = node?.kind === 'list' ? node.items.map((item) => this.#resolve(item)) : [node]
      return sources.flatMap((source) => (source?.kind === 'map' ? source.pairs : []))
    })
    for (const pair of merged) {
      const name = keyText(pair.key).toLowerCase()
      if (!names.has(name)) own.push(pair)
      names.add(name)
    }
    return own
  }

  /** Most values are looked at in their order: a long document is not searched for its lines in one go. */
  #findLines(offset: number): void {
    let last = this.#lines.at(-1) ?? 0
    while (last <= offset && !this.#hasAllLines) {
      last = this.#text.indexOf('\n', last) + 1
      if (last > 0) this.#lines.push(last)
      else this.#hasAllLines = true
    }
  }

  readonly #at = (offset: number): Location => {
    this.#findLines(offset)
    let [line, after] = [0, this.#lines.length]
    while (after - line > 1) {
      const middle = (line + after) >>> 1
      if ((this.#lines[middle] ?? 0) <= offset) line = middle
      else after = middle
    }
    return { source: this.#source, line: line + 1, column: offset - (this.#lines[line] ?? 0) + 1 }
  }
}

/** Fields are few, and maps are many: to look through them costs less than to keep a table. */
class FewFields implements Fields {
  readonly #names: string[] = []
  readonly #fields: Field[] = []

  add(name: string, field: Field): void {
    this.#names.push(name)
    this.#fields.push(field)
  }

  get(name: string): Field | undefined {
    return this.#fields[this.#names.indexOf(name)]
  }
}

/** A value within another one. Where it stands is only found out when somebody wants to know: most values are good. */
class Part implements Field {
  readonly node: TreeNode | null
  readonly #parent: Field
  /** Its key, or its index in a list. */
  readonly #step: string | number
  /** What tells where it stands. */
  readonly #placed: TreeNode | null
  readonly #at: (offset: number) => Location

  constructor(
    node: TreeNode | null,
    parent: Field,
    step: string | number,
    placed: TreeNode | null,
    at: (offset: number) => Location,
  ) {
    this.node = node
    this.#parent = parent
    this.#step = step
    this.#placed = placed
    this.#at = at
  }

  get path(): string {
    const { path } = this.#parent
    if (typeof this.#step === 'number') return `${path}[${this.#step}]`
    return path === '' ? this.#step : `${path}.${this.#step}`
  }

  get location(): Location {
    const offset = this.#placed?.offset ?? null
    return offset === null ? this.#parent.location : this.#at(offset)
  }
}

/** A key as it is written; nothing where it is no scalar. */
function keyText(key: TreeNode | null): string {
  return key?.kind === 'scalar' ? String(key.value) : ''
}

function isMergeKey({ key }: PairNode): boolean {
  return key?.kind === 'scalar' && key.value === '<<' && key.isPlain
}
