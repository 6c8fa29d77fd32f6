import { messageOf } from '../untrusted.ts'
import { findInvisible } from './invisible-character.ts'
import { DOCUMENT_LIMITS } from './limits.ts'
import {
  parsed,
  ParseFailure,
  type ListNode,
  type MapNode,
  type PairNode,
  type Parsed,
  type ScalarNode,
  type TreeNode,
} from './tree.ts'

const SPACE = /[ \t\n\r]*/y
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y
const STRING_START = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*/y
const NUMBER_OR_WORD = /[-+.\w]+/y

/** Finds the locations of values in JSON. `JSON.parse` decides the values. */
class Scanner {
  readonly #text: string
  #offset = 0
  #values = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): TreeNode {
    const node = this.#value(0)
    this.#skipSpace()
    if (this.#offset < this.#text.length) throw this.#unexpected('the end')
    return node
  }

  #value(depth: number): TreeNode {
    this.#skipSpace()
    if (depth > DOCUMENT_LIMITS.depth) {
      const message = `is nested more than ${DOCUMENT_LIMITS.depth} deep, which is the limit`
      throw new ParseFailure(this.#offset, message, true)
    }
    if (this.#next() === '{') return this.#map(depth)
    if (this.#next() === '[') return this.#list(depth)
    return this.#scalar()
  }

  #map(depth: number): MapNode {
    const offset = this.#offset
    const pairs: PairNode[] = []
    for (let more = this.#begin('}'); more; more = this.#goOn('}')) {
      if (this.#next() !== '"') throw this.#unexpected('a key in double quotes')
      const { value: key, offset: keyOffset } = this.#scalar()
      this.#skipSpace()
      if (this.#next() !== ':') throw this.#unexpected('a colon')
      this.#offset += 1
      pairs.push({ key: String(key), offset: keyOffset, value: this.#value(depth + 1) })
    }
    return { kind: 'map', pairs, fault: null, offset }
  }

  #list(depth: number): ListNode {
    const offset = this.#offset
    const items: TreeNode[] = []
    for (let more = this.#begin(']'); more; more = this.#goOn(']')) items.push(this.#value(depth + 1))
    return { kind: 'list', items, offset }
  }

  /** Reads an opening bracket. Returns whether anything precedes the closing one. */
  #begin(end: string): boolean {
    this.#count()
    this.#offset += 1
    this.#skipSpace()
    if (this.#next() !== end) return true
    this.#offset += 1
    return false
  }

  /** Reads a comma or the closing bracket. Returns whether another item follows. */
  #goOn(end: string): boolean {
    this.#skipSpace()
    const next = this.#next()
    if (next !== end && next !== ',') throw this.#unexpected(`a comma or ${end}`)
    this.#offset += 1
    if (next === end) return false
    this.#skipSpace()
    return true
  }

  #scalar(): ScalarNode {
    this.#count()
    const offset = this.#offset
    const isString = this.#next() === '"'
    const source = this.#match(isString ? STRING : NUMBER_OR_WORD)
    try {
      const value: unknown = JSON.parse(source ?? '')
      return { kind: 'scalar', value, source: isString ? String(value) : source, otherType: null, fault: null, offset }
    } catch {
      this.#offset = offset
      throw isString ? this.#badString() : this.#unexpected('a value')
    }
  }

  /** The failure at the first invalid character of a string. */
  #badString(): ParseFailure {
    const place = this.#offset + (this.#match(STRING_START)?.length ?? 0)
    return new ParseFailure(
      place,
      place < this.#text.length ? 'bad character or escape in a string' : 'a string has no end',
    )
  }

  /** @throws {ParseFailure} There are more values than the limit. */
  #count(): void {
    this.#values += 1
    const limit = DOCUMENT_LIMITS.values
    if (this.#values > limit)
      throw new ParseFailure(this.#offset, `has more than ${limit} values, which is the limit`, true)
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

  #unexpected(wanted: string): ParseFailure {
    const next = this.#next()
    const name = findInvisible(next)?.name ?? JSON.stringify(next)
    return new ParseFailure(this.#offset, `${next === '' ? 'it ends' : name} where ${wanted} must be`)
  }
}

/**
 * Parses JSON within {@link DOCUMENT_LIMITS}: no comments, no trailing commas, no unquoted text.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259 | RFC 8259}
 */
export function parseJson(text: string): Parsed {
  return parsed(() => {
    const { length } = DOCUMENT_LIMITS
    if (text.length > length)
      throw new ParseFailure(length, `has more than ${length} characters, which is the limit`, true)
    const tree = new Scanner(text).document()
    try {
      JSON.parse(text)
    } catch (error) {
      throw new ParseFailure(0, messageOf(error))
    }
    return { contents: tree, error: null }
  })
}
