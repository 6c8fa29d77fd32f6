import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Node, type Pair } from 'yaml'
import { didYouMean } from './closest.ts'
import { parseJson } from './parse-json.ts'
import type { Location, Problem } from './problem.ts'

/** A value in a document together with where it stands. */
export interface Field {
  readonly node: unknown
  readonly path: string
  readonly location: Location
}

/** A string or number as it is written, quotes removed. */
export interface ScalarText {
  readonly text: string
  readonly type: 'string' | 'number' | 'boolean'
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
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
  readonly #source: string
  readonly #lines = new LineCounter()
  /** What each alias stands for. Looked up once: the search of `yaml` walks the whole document for every alias. */
  readonly #targets = new Map<unknown, Node>()
  #errorCount = 0

  constructor(text: string, source: string, format: 'yaml' | 'json' = 'yaml') {
    this.#source = source
    if (format === 'json') {
      this.#lines.addNewLine(0)
      for (const { index } of text.matchAll(/\n/g)) this.#lines.addNewLine(index + 1)
      const { contents, error } = parseJson(text)
      this.unreadable = error !== null
      this.root = { node: contents, path: '', location: { source, line: 1, column: 1 } }
      if (error !== null) {
        this.error({ ...this.root, location: this.#at(error.offset) }, `is no valid JSON: ${error.message}`)
      }
      return
    }
    const document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      // Whatever a %YAML directive says: no type but text, numbers, booleans, null, lists and maps.
      schema: 'core',
      resolveKnownTags: false,
      // `fields` finds keys that are there twice, which then take away one entry, not the document; and in linear time.
      uniqueKeys: false,
    })
    this.unreadable = document.errors.length > 0
    this.root = { node: document.contents, path: '', location: { source, line: 1, column: 1 } }
    // The first error is the mistake; those after it are its consequences, and name other places.
    const [first] = document.errors
    if (first !== undefined) {
      const line = text.slice(text.lastIndexOf('\n', first.pos[0] - 1) + 1, first.pos[0])
      this.error({ ...this.root, location: this.#at(first.pos[0]) }, yamlMessage(first, line))
    }
    if (this.unreadable) return
    const anchors = new Map<string, Node>()
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node)) {
          const target = anchors.get(node.source)
          if (target !== undefined) this.#targets.set(node, target)
        } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
      },
    })
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
    return node === null || node === undefined || (isScalar(node) && node.value === null)
  }

  isList(field: Field): boolean {
    return isSeq(this.#resolve(field.node))
  }

  isMap(field: Field): boolean {
    return isMap(this.#resolve(field.node))
  }

  /** The items of a list. */
  items(field: Field): readonly Field[] | null {
    const node = this.#resolve(field.node)
    if (!isSeq(node)) return this.error(field, `must be a list, not ${this.#describe(field)}`)
    return node.items.map((item, index) => this.#field(item, `${field.path}[${index}]`, field.location))
  }

  /**
   * The fields of a map by their lower-case names: keys ignore case. A key that is not in `names` is warned about and left
   * out; one that is there twice in different cases is an error.
   *
   * @param mustBeKnown Whether a key that is not in `names` is an error.
   */
  fields(
    field: Field,
    names: readonly string[],
    mustBeKnown: (key: string) => boolean = () => false,
  ): ReadonlyMap<string, Field> | null {
    if (!this.isMap(field))
      return this.error(field, `must be a map of ${names.join(', ')}, not ${this.#describe(field)}`)
    const found = new Map<string, Field>()
    for (const [written, value] of this.pairs(field)) {
      const key = written.toLowerCase()
      if (found.has(key)) this.error(value, 'is there twice (keys ignore case): remove one of the two')
      else if (names.some((name) => name.toLowerCase() === key)) found.set(key, value)
      else if (mustBeKnown(key)) this.error(value, `is not a known key${didYouMean(written, names)}`)
      else this.warn(value, `is not a known key, and has no effect${didYouMean(written, names)}`)
    }
    return found
  }

  /** The keys of a map as they are written, with their values; nothing where it is no map. */
  pairs(field: Field): readonly (readonly [string, Field])[] {
    const node = this.#resolve(field.node)
    if (!isMap(node)) return []
    return this.#mergedPairs(node.items).map((pair) => {
      const written = isScalar(pair.key) ? String(pair.key.value) : ''
      const path = field.path === '' ? written : `${field.path}.${written}`
      return [written, this.#field(pair.value, path, this.#locate(pair.key, field.location))]
    })
  }

  /** A string as it is, without a complaint about anything else; null where it is none. */
  textOf(field: Field): string | null {
    const node = this.#resolve(field.node)
    return isScalar(node) && typeof node.value === 'string' ? node.value : null
  }

  /** A string, a number or a boolean as it is written. */
  scalar(field: Field): ScalarText | null {
    const node = this.#resolve(field.node)
    const value = isScalar(node) ? node.value : undefined
    if (isScalar(node) && typeof value === 'string') return { text: value, type: 'string' }
    if (isScalar(node) && (typeof value === 'number' || typeof value === 'boolean')) {
      return { text: node.source ?? String(value), type: typeof value === 'number' ? 'number' : 'boolean' }
    }
    const quote = isMap(node) ? ': put a value that begins with {{ in quotes' : ''
    return this.error(field, `must be a string, not ${this.#describe(field)}${quote}`)
  }

  /** A string; a number or boolean that was not quoted is an error that says to quote it. */
  string(field: Field): string | null {
    const scalar = this.scalar(field)
    if (scalar === null || scalar.type === 'string') return scalar?.text ?? null
    return this.error(field, `must be a string, not a ${scalar.type}: write "${scalar.text}" in quotes`)
  }

  #describe(field: Field): string {
    const node = this.#resolve(field.node)
    if (isMap(node)) return 'a map'
    if (isSeq(node)) return 'a list'
    if (isAlias(node)) return `*${node.source}, which names nothing`
    if (isScalar(node) && node.value !== null) return `${typeof node.value} ${JSON.stringify(node.value).slice(0, 80)}`
    return 'nothing'
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? (this.#targets.get(node) ?? node) : node
  }

  /** The pairs of a map, those merged in with `<<` (a map, or a list of maps) after its own, as YAML 1.1 has it. */
  #mergedPairs(items: readonly Pair[]): readonly Pair[] {
    const own = items.filter((pair) => !isMergeKey(pair))
    const names = new Set(own.map((pair) => String(isScalar(pair.key) ? pair.key.value : '').toLowerCase()))
    const merged = items.filter(isMergeKey).flatMap((pair) => {
      const node = this.#resolve(pair.value)
      const sources: unknown[] = isSeq(node) ? node.items.map((item) => this.#resolve(item)) : [node]
      return sources.filter(isMap).flatMap((source) => source.items)
    })
    for (const pair of merged) {
      const name = String(isScalar(pair.key) ? pair.key.value : '').toLowerCase()
      if (!names.has(name)) own.push(pair)
      names.add(name)
    }
    return own
  }

  #field(node: unknown, path: string, otherwise: Location): Field {
    return { node, path, location: this.#locate(node, otherwise) }
  }

  #locate(node: unknown, otherwise: Location): Location {
    const offset = isNode(node) ? node.range?.[0] : undefined
    return offset === undefined ? otherwise : this.#at(offset)
  }

  #at(offset: number): Location {
    const { line, col } = this.#lines.linePos(offset)
    return { source: this.#source, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN'
}

function yamlMessage(error: { readonly code: string; readonly message: string }, lineBefore: string): string {
  if (error.code === 'MULTIPLE_DOCS') return 'has more than one document: remove the --- between them'
  const tab = error.code === 'TAB_AS_INDENT' || /^\s*\t/.test(lineBefore)
  return `is no valid YAML: ${error.message}${tab ? ': indent with spaces, not with a tab' : ''}`
}
