import type { Steps } from '../steps.ts'
import type { ListNode, MapNode, PairNode, ScalarNode, TreeNode } from './tree.ts'

// A list of entries in block style, each a map on lines of its own, with at most one list or map of scalars below a key; or a
// list of scalars. Scalars are on one line, plain where nothing but their letters tells what they are, or in quotes without
// escapes. Whatever is not plainly of that form is left to `yaml`: the one must never differ from the other.

/** What makes lines or indentation in ways that are not looked for here. */
const OTHER_SIGNS = /[^\n -~\u00a1-\ud7ff\ue000-\ufefe]|[\u2028\u2029]/
const SKIPPED = /(?: *(?:#[^\n]*)?\n)*(?: *#[^\n]*$)?/y
const DASH = / *- +(?=[^ \n#])/y
const INDENT = / *(?=[^ \n])/y
const KEY = /(?:([A-Za-z][\w-]{0,60})|"([^"\\\n]{1,60})"|'([^'\n]{1,60})'):(?= |\n|$)/y
const QUOTED = /"[^"\\\n]*"|'[^'\n]*'/y
const LINE = /[^\n]*/y
const LINE_END = / *(?: #[^\n]*)?(?:\n|$)/y
const SPACES = / +/y
const FLOW_LIST = /\[ *(?:[^[\]{}\n]*[^[\]{}\n ])? *\](?= *(?: #[^\n]*)?(?:\n|$))/y
const FLOW_ITEM = / *(?:([A-Za-z_/][\w:./@+=-]*)|"([^"\\\n]*)"|'([^'\n]*)') *(?=[,\]])/y

const PLAIN = /^[\w/][!-~ ]*$/
/** Words that YAML takes for something else than a text. */
const WORD = /^(?:null|true|false)$/i
const NUMBER_LIKE = /^\d[\d\w.+-]*$/
const DIGITS = /^\d+$/

const ITEMS_PER_STEP = 32

/** The text is not of the form that is read here. */
class Irregular extends Error {}

class Reader {
  readonly #text: string
  #offset = 0

  constructor(text: string) {
    this.#text = text
  }

  *document(): Steps<ListNode> {
    this.#take(SKIPPED)
    const first = this.#peek(DASH)
    if (first === null) throw new Irregular()
    const indent = first[0].indexOf('-')
    const offset = this.#offset + indent
    const items: TreeNode[] = []
    while (this.#offset < this.#text.length) {
      const dash = this.#take(DASH)
      if (dash === null || dash[0].indexOf('-') !== indent) throw new Irregular()
      const column = dash[0].length
      items.push(this.#peek(KEY) === null ? this.#scalar() : this.#map(column, true))
      this.#take(SKIPPED)
      if (items.length % ITEMS_PER_STEP === 0) yield
    }
    return { kind: 'list', items, offset }
  }

  /** The pairs of a map whose keys stand in this column; the first one is next. */
  #map(column: number, mayNest: boolean): MapNode {
    const offset = this.#offset
    const pairs: PairNode[] = []
    do {
      const key = this.#key()
      pairs.push({ key, value: this.#value(column, mayNest) })
      this.#take(SKIPPED)
    } while (this.#goOn(column))
    return { kind: 'map', pairs, offset }
  }

  /** Whether another key of the map in this column follows; then it is next. */
  #goOn(column: number): boolean {
    const indent = this.#peek(INDENT)?.[0].length ?? -1
    if (indent !== column) return false
    const start = this.#offset
    this.#offset += indent
    if (this.#peek(KEY) !== null) return true
    this.#offset = start
    return false
  }

  #key(): ScalarNode {
    const offset = this.#offset
    const [, plain, double, single] = this.#take(KEY) ?? []
    const value = plain ?? double ?? single
    if (value === undefined || (plain !== undefined && WORD.test(plain))) throw new Irregular()
    return { kind: 'scalar', value, source: value, isPlain: plain !== undefined, offset }
  }

  #value(column: number, mayNest: boolean): TreeNode {
    if (this.#take(SPACES) !== null) {
      if (this.#text[this.#offset] === '[') return this.#flowList()
      return this.#scalar()
    }
    if (!mayNest || this.#text[this.#offset] !== '\n') throw new Irregular()
    this.#take(SKIPPED)
    const indent = this.#peek(INDENT)?.[0].length ?? -1
    const dash = this.#peek(DASH)
    if (dash !== null && indent >= column) return this.#list(indent)
    if (indent <= column) throw new Irregular()
    this.#offset += indent
    return this.#map(indent, false)
  }

  /** Scalars, each after a dash in this column. */
  #list(column: number): ListNode {
    const offset = this.#offset + column
    const items: ScalarNode[] = []
    for (let dash = this.#peek(DASH); dash?.[0].indexOf('-') === column; dash = this.#peek(DASH)) {
      this.#offset += dash[0].length
      if (this.#peek(KEY) !== null) throw new Irregular()
      items.push(this.#scalar())
      this.#take(SKIPPED)
    }
    return { kind: 'list', items, offset }
  }

  #flowList(): ListNode {
    const offset = this.#offset
    const whole = this.#peek(FLOW_LIST)
    if (whole === null) throw new Irregular()
    const end = offset + whole[0].length
    const items: ScalarNode[] = []
    this.#offset += 1
    if (!/^\[ *\]$/.test(whole[0])) {
      do {
        const [all, plain, double, single] = this.#take(FLOW_ITEM) ?? []
        const value = plain ?? double ?? single
        if (all === undefined || value === undefined) throw new Irregular()
        if (plain !== undefined && (WORD.test(plain) || plain.endsWith(':'))) throw new Irregular()
        const start = this.#offset - all.trimStart().length
        items.push({ kind: 'scalar', value, source: value, isPlain: plain !== undefined, offset: start })
        this.#offset += 1
      } while (this.#offset < end)
    }
    if (items.length > 0 && this.#offset !== end) throw new Irregular()
    this.#offset = end
    this.#endLine()
    return { kind: 'list', items, offset }
  }

  /** A scalar to the end of its line. */
  #scalar(): ScalarNode {
    const offset = this.#offset
    const quoted = this.#take(QUOTED)
    if (quoted !== null) {
      const value = quoted[0].slice(1, -1)
      this.#endLine()
      return { kind: 'scalar', value, source: value, isPlain: false, offset }
    }
    const line = this.#take(LINE)?.[0] ?? ''
    const comment = line.indexOf(' #')
    const source = (comment < 0 ? line : line.slice(0, comment)).trimEnd()
    if (!PLAIN.test(source) || source.includes(': ') || source.endsWith(':') || WORD.test(source)) throw new Irregular()
    const isNumber = DIGITS.test(source)
    if (!isNumber && NUMBER_LIKE.test(source)) throw new Irregular()
    this.#endLine()
    return { kind: 'scalar', value: isNumber ? Number(source) : source, source, isPlain: true, offset }
  }

  #endLine(): void {
    if (this.#take(LINE_END) === null) throw new Irregular()
  }

  #peek(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#offset
    return pattern.exec(this.#text)
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const found = this.#peek(pattern)
    this.#offset += found?.[0].length ?? 0
    return found
  }
}

/**
 * Parses YAML of the one form in which nearly all lists of mappings are written, many times faster than `yaml`, and to the
 * same tree.
 *
 * @returns null where the text is of another form, or no YAML.
 */
export function* regularYamlSteps(text: string): Steps<TreeNode | null> {
  if (OTHER_SIGNS.test(text)) return null
  try {
    return yield* new Reader(text).document()
  } catch (error) {
    if (error instanceof Irregular) return null
    throw error
  }
}
