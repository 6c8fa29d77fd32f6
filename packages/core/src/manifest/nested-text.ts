import { Scalar } from 'yaml'
import type { Location } from '../errors/problem.ts'

/** A text that is a string in another document, such as the YAML in the data of a ConfigMap. */
export interface NestedText {
  readonly text: string
  /** Where a place of this text (both counted from 1) stands in the document around it. */
  readonly locate: (line: number, column: number) => Location
}

/** The document around a nested text. */
export interface SurroundingText {
  readonly text: string
  readonly locate: (offset: number) => Location
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** How many digits follow `\x`, `\u` and `\U` (YAML 1.2, section 5.7). */
const DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

/** Where the signs of a double-quoted scalar stand: each UTF-16 unit that it holds and that is no white space. */
function signsOfDoubleQuoted(text: string, start: number, end: number): number[] {
  const signs: number[] = []
  for (let offset = start; offset < end; offset += 1) {
    if (text[offset] !== '\\') {
      if (!isSpace(text.charCodeAt(offset))) signs.push(offset)
      continue
    }
    const letter = text.charAt(offset + 1)
    const digits = DIGITS.get(letter)
    if (digits === undefined) {
      if (!/[tnr \t\n\r]/.test(letter)) signs.push(offset)
      offset += 1
    } else {
      const code = Number.parseInt(text.slice(offset + 2, offset + 2 + digits), 16)
      if (!isSpace(code)) signs.push(offset)
      if (code > 0xffff) signs.push(offset)
      offset += 1 + digits
    }
  }
  return signs
}

function signsOf(text: string, type: Scalar['type'], [first, last]: readonly [number, number]): number[] {
  if (type === Scalar.QUOTE_DOUBLE) return signsOfDoubleQuoted(text, first + 1, last - 1)
  const isBlock = type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED
  const isQuoted = type === Scalar.QUOTE_SINGLE
  // The rest of a block's first line is its header, and perhaps a comment.
  const headerEnd = isBlock ? text.indexOf('\n', first) : -1
  const start = isBlock ? (headerEnd < 0 ? last : headerEnd + 1) : first + (isQuoted ? 1 : 0)
  const signs: number[] = []
  for (let offset = start; offset < last - (isQuoted ? 1 : 0); offset += 1) {
    if (isSpace(text.charCodeAt(offset))) continue
    signs.push(offset)
    if (isQuoted && text.startsWith("''", offset)) offset += 1
  }
  return signs
}

/**
 * The string that a scalar holds, with the places of its signs in the document around it.
 *
 * YAML folds lines, takes indentation away and has escapes, but it never changes the order of what is no white space: so the
 * n-th sign of the string is the n-th sign of the scalar as it is written, in whichever of the five styles.
 */
export function nestedText(around: SurroundingText, scalar: Scalar, value: string): NestedText {
  const [first = 0, last = 0] = scalar.range ?? []
  const signs = signsOf(around.text, scalar.type, [first, last])
  const lineStarts = [0]
  /** How many signs come before each place. */
  const before = new Uint32Array(value.length + 1)
  for (let offset = 0; offset < value.length; offset += 1) {
    const code = value.charCodeAt(offset)
    before[offset + 1] = (before[offset] ?? 0) + (isSpace(code) ? 0 : 1)
    if (code === 0x0a) lineStarts.push(offset + 1)
  }
  const isAligned = signs.length >= (before[value.length] ?? 0)

  const outerOffset = (inner: number): number => {
    let sign = inner
    while (sign < value.length && value[sign] !== '\n' && isSpace(value.charCodeAt(sign))) sign += 1
    const index = before[sign] ?? 0
    const next = signs[index]
    // White space before a sign of the same line, such as a tab that indents it.
    if (sign < value.length && value[sign] !== '\n' && next !== undefined) return next - (sign - inner)
    const previous = signs[index - 1]
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
