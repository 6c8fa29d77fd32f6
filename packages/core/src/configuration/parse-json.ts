import { finish, type Steps } from '../steps.ts'
import type { ListNode, MapNode, PairNode, Parsed, ScalarNode, TreeNode } from './tree.ts'

/** No mapping needs more; without a limit, a text of brackets would exhaust the stack. */
const MAX_DEPTH = 64

const ITEMS_PER_STEP = 32

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

  *document(): Steps<TreeNode> {
    const node = yield* this.#value(0)
    this.#skipSpace()
    if (this.#offset < this.#text.length) throw this.#unexpected('the end')
    return node
  }

  *#value(depth: number): Steps<TreeNode> {
    this.#skipSpace()
    if (depth > MAX_DEPTH) throw new NoJson(this.#offset, `it is nested more than ${MAX_DEPTH} deep`)
    if (this.#next() === '{') return yield* this.#map(depth)
    if (this.#next() === '[') return yield* this.#list(depth)
    return this.#scalar()
  }

  *#map(depth: number): Steps<MapNode> {
    const offset = this.#offset
    const pairs: PairNode[] = []
    for (let more = this.#begin('}'); more; more = this.#goOn('}')) {
      if (this.#next() !== '"') throw this.#unexpected('a key in double quotes')
      const { value: key, offset: keyOffset } = this.#scalar()
      this.#skipSpace()
      if (this.#next() !== ':') throw this.#unexpected('a colon')
      this.#offset += 1
      this.#skipSpace()
      const value = this.#isNested() ? yield* this.#value(depth + 1) : this.#scalar()
      pairs.push({ key: String(key), isMerge: false, offset: keyOffset, value })
    }
    return { kind: 'map', pairs, offset }
  }

  *#list(depth: number): Steps<ListNode> {
    const offset = this.#offset
    const items: TreeNode[] = []
    for (let more = this.#begin(']'); more; more = this.#goOn(']')) {
      items.push(this.#isNested() ? yield* this.#value(depth + 1) : this.#scalar())
      if (items.length % ITEMS_PER_STEP === 0) yield
    }
    return { kind: 'list', items, offset }
  }

  /** Whether something stands between the bracket that is next and its end. */
  #begin(end: string): boolean {
    this.#offset += 1
    this.#skipSpace()
    if (this.#next() !== end) return true
    this.#offset += 1
    return false
  }

  /** Whether another item follows the one before: there is a comma between items and none after the last. */
  #goOn(end: string): boolean {
    this.#skipSpace()
    const next = this.#next()
    if (next !== end && next !== ',') throw this.#unexpected(`a comma or ${end}`)
    this.#offset += 1
    if (next === end) return false
    this.#skipSpace()
    return true
  }

  #isNested(): boolean {
    const next = this.#next()
    return next === '{' || next === '['
  }

  #scalar(): ScalarNode {
    const offset = this.#offset
    const isString = this.#next() === '"'
    const source = this.#match(isString ? STRING : NUMBER) ?? this.#match(WORD)
    if (source === null) {
      if (!isString) throw this.#unexpected('a value')
      const length = this.#match(STRING_START)?.length ?? 0
      const place = offset + length
      throw new NoJson(place, place < this.#text.length ? 'bad character or escape in a string' : 'a string has no end')
    }
    const value: unknown = isString && !source.includes('\\') ? source.slice(1, -1) : JSON.parse(source)
    return { kind: 'scalar', value, source: typeof value === 'string' ? value : source, offset }
  }

  #next(): string {
    return this.#text.charAt(this.#offset)
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#offset
    SPACE.test(this.#text)
    this.#offset = SPACE.lastIndex
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

/** {@link parseJson} in steps. */
export function* jsonSteps(text: string): Steps<Parsed> {
  try {
    return { contents: yield* new Reader(text).document(), error: null }
  } catch (error) {
    if (!(error instanceof NoJson)) throw error
    const { offset, message } = error
    return { contents: null, error: { offset, message } }
  }
}

/**
 * Parses JSON and nothing that only looks like it: no comments, no trailing commas, no unquoted text.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259 | RFC 8259}
 */
export function parseJson(text: string): Parsed {
  return finish(jsonSteps(text))
}
