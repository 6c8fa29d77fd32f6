import { Scalar } from 'yaml'
import type { Location } from '../errors/problem.ts'

/** A text that is a string of another document, such as YAML in the data of a ConfigMap. */
export interface NestedText {
  readonly text: string
  /** Converts a place in this text to its location in the surrounding document. Both count from 1. */
  readonly locate: (line: number, column: number) => Location
}

/** The document that contains a nested text. */
export interface SurroundingText {
  readonly text: string
  readonly locate: (offset: number) => Location
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** The number of digits after `\x`, `\u` and `\U` (YAML 1.2, section 5.7). */
const DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

/** The offsets of the characters of a double-quoted scalar, one for each UTF-16 code unit that is not white space. */
function doubleQuotedOffsets(text: string, start: number, end: number): number[] {
  const offsets: number[] = []
  for (let offset = start; offset < end; offset += 1) {
    if (text[offset] !== '\\') {
      if (!isSpace(text.charCodeAt(offset))) offsets.push(offset)
      continue
    }
    const letter = text.charAt(offset + 1)
    const digits = DIGITS.get(letter)
    if (digits === undefined) {
      if (!/[tnr \t\n\r]/.test(letter)) offsets.push(offset)
      offset += 1
    } else {
      const code = Number.parseInt(text.slice(offset + 2, offset + 2 + digits), 16)
      if (!isSpace(code)) offsets.push(offset)
      if (code > 0xffff) offsets.push(offset)
      offset += 1 + digits
    }
  }
  return offsets
}

/** The offsets of the characters of a scalar that are not white space. */
function characterOffsets(text: string, type: Scalar['type'], [first, last]: readonly [number, number]): number[] {
  if (type === Scalar.QUOTE_DOUBLE) return doubleQuotedOffsets(text, first + 1, last - 1)
  const isBlock = type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED
  const isQuoted = type === Scalar.QUOTE_SINGLE
  // The first line of a block scalar has its header and an optional comment.
  const headerEnd = isBlock ? text.indexOf('\n', first) : -1
  const start = isBlock ? (headerEnd < 0 ? last : headerEnd + 1) : first + (isQuoted ? 1 : 0)
  const offsets: number[] = []
  for (let offset = start; offset < last - (isQuoted ? 1 : 0); offset += 1) {
    if (isSpace(text.charCodeAt(offset))) continue
    offsets.push(offset)
    if (isQuoted && text.startsWith("''", offset)) offset += 1
  }
  return offsets
}

/**
 * The string value of a scalar, with locations in the surrounding document.
 *
 * YAML folds lines, removes indentation and resolves escapes, but keeps the order of characters other than white space. So in each of the
 * five scalar styles, the n-th such character of the string is the n-th one of the scalar's source.
 */
export function nestedText(around: SurroundingText, scalar: Scalar, value: string): NestedText {
  const [first = 0, last = 0] = scalar.range ?? []
  const offsets = characterOffsets(around.text, scalar.type, [first, last])
  const lineStarts = [0]
  /** The number of characters other than white space before each offset. */
  const before = new Uint32Array(value.length + 1)
  for (let offset = 0; offset < value.length; offset += 1) {
    const code = value.charCodeAt(offset)
    before[offset + 1] = (before[offset] ?? 0) + (isSpace(code) ? 0 : 1)
    if (code === 0x0a) lineStarts.push(offset + 1)
  }
  const isAligned = offsets.length >= (before[value.length] ?? 0)

  const outerOffset = (inner: number): number => {
    let at = inner
    while (at < value.length && value[at] !== '\n' && isSpace(value.charCodeAt(at))) at += 1
    const index = before[at] ?? 0
    const next = offsets[index]
    // White space before a character on the same line, such as an indenting tab.
    if (at < value.length && value[at] !== '\n' && next !== undefined) return next - (at - inner)
    const previous = offsets[index - 1]
    return previous === undefined ? first : previous + 1
  }
  return {
    text: value,
    locate: (line, column) => {
      const inner = Math.min((lineStarts[line - 1] ?? value.length) + column - 1, value.length)
      return around.locate(isAligned ? outerOffset(inner) : first)
    },
  }
}
