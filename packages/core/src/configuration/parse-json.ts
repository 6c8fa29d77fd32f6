import { Pair, Scalar, YAMLMap, YAMLSeq, type Node } from 'yaml'

/** A JSON text as nodes that know where they stand, or the first place where it is no JSON. */
export type ParsedJson =
  | { readonly contents: Node; readonly error: null }
  | { readonly contents: null; readonly error: { readonly offset: number; readonly message: string } }

/** No mapping needs more; without a limit, a text of brackets would exhaust the stack. */
const MAX_DEPTH = 64

const SPACE = /[ \t\n\r]*/y
const STRING = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*"/y
const STRING_START = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /(?:true|false|null)(?!\w)/y

class NoJson extends Error {
  readonly offset: number
  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

class Reader {
  readonly #text: string
  #offset = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Node {
    const node = this.#value(0)
    this.#skipSpace()
    if (this.#offset < this.#text.length) throw this.#unexpected('the end')
    return node
  }

  #value(depth: number): Node {
    this.#skipSpace()
    if (depth > MAX_DEPTH) throw new NoJson(this.#offset, `it is nested more than ${MAX_DEPTH} deep`)
    if (this.#next() === '{') return this.#map(depth)
    if (this.#next() === '[') return this.#list(depth)
    return this.#scalar()
  }

  #map(depth: number): Node {
    const map = new YAMLMap<Scalar, Node>()
    this.#items('}', map, () => {
      if (this.#next() !== '"') throw this.#unexpected('a key in double quotes')
      const key = this.#scalar()
      this.#skipSpace()
      if (this.#next() !== ':') throw this.#unexpected('a colon')
      this.#offset += 1
      map.items.push(new Pair(key, this.#value(depth + 1)))
    })
    return map
  }

  #list(depth: number): Node {
    const list = new YAMLSeq<Node>()
    this.#items(']', list, () => list.items.push(this.#value(depth + 1)))
    return list
  }

  /** Reads what stands between brackets, with commas between the items and none after the last. */
  #items(end: string, into: Node, readItem: () => void): void {
    const start = this.#offset
    this.#offset += 1
    this.#skipSpace()
    let isFirst = true
    while (this.#next() !== end || !isFirst) {
      readItem()
      this.#skipSpace()
      if (this.#next() === end) break
      if (this.#next() !== ',') throw this.#unexpected(`a comma or ${end}`)
      this.#offset += 1
      this.#skipSpace()
      isFirst = false
    }
    this.#offset += 1
    into.range = [start, this.#offset, this.#offset]
  }

  #scalar(): Scalar {
    const start = this.#offset
    const isString = this.#next() === '"'
    const source = this.#match(isString ? STRING : NUMBER) ?? this.#match(WORD)
    if (source === null) {
      if (!isString) throw this.#unexpected('a value')
      const length = this.#match(STRING_START)?.length ?? 0
      const place = start + length
      throw new NoJson(place, place < this.#text.length ? 'bad character or escape in a string' : 'a string has no end')
    }
    const value: unknown = JSON.parse(source)
    const scalar = new Scalar(value)
    scalar.type = isString ? Scalar.QUOTE_DOUBLE : Scalar.PLAIN
    scalar.source = typeof value === 'string' ? value : source
    scalar.range = [start, this.#offset, this.#offset]
    return scalar
  }

  #next(): string {
    return this.#text.charAt(this.#offset)
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset
    const found = pattern.exec(this.#text)?.[0] ?? null
    this.#offset += found?.length ?? 0
    return found
  }

  #unexpected(wanted: string): NoJson {
    const next = this.#next()
    return new NoJson(this.#offset, `${next === '' ? 'it ends' : JSON.stringify(next)} where ${wanted} must be`)
  }
}

/**
 * Parses JSON and nothing that only looks like it: no comments, no trailing commas, no unquoted text.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259 | RFC 8259}
 */
export function parseJson(text: string): ParsedJson {
  try {
    return { contents: new Reader(text).document(), error: null }
  } catch (error) {
    if (!(error instanceof NoJson)) throw error
    const { offset, message } = error
    return { contents: null, error: { offset, message } }
  }
}
