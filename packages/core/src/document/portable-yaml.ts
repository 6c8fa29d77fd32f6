// Other programs read the same text with other parsers. The reference uses yaml.v2, a YAML 1.1 parser in Go. Text that they and the package
// `yaml` read differently is an error here, so that a mapping has one meaning for all of them.
import { findInvisible, nameCharacter } from './invisible-character.ts'
import { ParseFailure } from './tree.ts'
import type { YamlToken } from './read-yaml.ts'

/** Characters that YAML 1.1 rejects or reads as line breaks: control characters, NEL, U+2028, U+2029, a CR alone, lone surrogates. */
const FORBIDDEN = /[^\t\n\r\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|\r(?!\n)/u

const ANCHOR_NAME = /^[A-Za-z0-9_-]+$/
const TAB_INDENT = /^ *\t/m

/** Plain scalars that YAML 1.1 reads as booleans and YAML 1.2 as strings. */
const BOOLEAN = /^(?:y|n|yes|no|on|off)$/i
/** Numbers of YAML 1.1 and of Go, underscores removed. */
const NUMBER = /^[-+]?(?:0b[01]+|0o?[0-7]+|0x[0-9a-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i
/** The maximum length of a number that is recognized. */
const MAX_NUMBER_LENGTH = 64

/** @throws {ParseFailure} The text has a character that not every parser reads the same. */
export function checkCharacters(text: string): void {
  const offset = text.search(FORBIDDEN)
  if (offset >= 0) {
    const name = nameCharacter(text.slice(offset, offset + 2))
    throw new ParseFailure(offset, `has the character ${name}, which not every YAML parser accepts: remove it`, true)
  }
  const tab = text.search(TAB_INDENT)
  if (tab >= 0) throw new ParseFailure(text.indexOf('\t', tab), 'a tab: indent with spaces, not with a tab')
}

/**
 * Explains a failure by an invisible character, such as a no-break space, in the indentation of its line or of the lines before it. Editors
 * show it as a space, and parsers report what follows from it. Undefined if there is none.
 */
export function invisibleIndentation(text: string, { offset }: ParseFailure): ParseFailure | undefined {
  // The start of a value that goes on in the next line is the place of some failures.
  const lineEnd = text.indexOf('\n', offset)
  const end = lineEnd < 0 ? text.length : text.indexOf('\n', lineEnd + 1)
  let start = 0
  for (const line of text.slice(0, end < 0 ? undefined : end).split('\n')) {
    const found = findInvisible(line.replaceAll(/[\t\r]/g, ' '))
    if (found !== undefined && line.slice(0, found.offset).trim() === '') {
      return new ParseFailure(start + found.offset, `${found.name} is not indentation: indent with spaces`)
    }
    start += line.length + 1
  }
  return undefined
}

/** The first escape in a double-quoted scalar that other parsers reject or read differently, as its offset; -1 if there is none. */
function unknownEscape(quoted: string): number {
  for (let at = quoted.indexOf('\\'); at >= 0; at = quoted.indexOf('\\', at + 2)) {
    if (/^\\(?:[/\r\n]|u[dD][89a-fA-F])/.test(quoted.slice(at, at + 4))) return at
  }
  return -1
}

/**
 * Returns whether the quotes of a scalar are closed. The lexer of `yaml` ends a quoted scalar at a line with too little indentation, and uses any
 * quote before that line as the closing one. Other parsers continue.
 */
function isClosed(quoted: string): boolean {
  const inner = quoted.slice(1, -1)
  if (quoted.length < 2 || !quoted.endsWith(quoted.charAt(0))) return false
  if (quoted.startsWith("'")) return !inner.replaceAll("''", '').includes("'")
  let backslashes = 0
  while (inner.charAt(inner.length - 1 - backslashes) === '\\') backslashes += 1
  return backslashes % 2 === 0
}

/**
 * Returns a check of tokens in their order.
 *
 * The check throws a {@link ParseFailure} for directives, tags, explicit keys, unusual names of anchors, a tab after a dash, and escapes of
 * JSON that YAML 1.1 does not have.
 */
export function createTokenCheck(): (token: YamlToken) => void {
  let before = ''
  return ({ text, offset, isScalar }) => {
    const wasDash = before === '-'
    before = isScalar ? '' : text
    if (isScalar) return
    if (wasDash && /^ *\t/.test(text)) throw new ParseFailure(offset, 'a tab after "-": write a space')
    const first = text.charAt(0)
    if (first === '%') throw new ParseFailure(offset, 'a directive: remove the line that begins with %')
    if (first === '!')
      throw new ParseFailure(offset, `a tag, ${JSON.stringify(text.slice(0, 40))}: remove it, and quote text`)
    if (text === '?') throw new ParseFailure(offset, 'an explicit key: write "key: value" without "?"')
    if ((first === '&' || first === '*') && !ANCHOR_NAME.test(text.slice(1))) {
      throw new ParseFailure(offset, `${first} needs a name of letters, digits, - and _`)
    }
    if ((first === '|' || first === '>') && /\d/.test(text)) {
      throw new ParseFailure(
        offset,
        `${text} with a digit: indent the text by what its first line has, without the digit`,
      )
    }
    if ((first === '"' || first === "'") && !isClosed(text))
      throw new ParseFailure(offset, 'a quote that is not closed')
    const escape = first === '"' ? unknownEscape(text) : -1
    if (escape >= 0) {
      throw new ParseFailure(
        offset + escape,
        `an escape that not every YAML parser accepts: write the character itself`,
      )
    }
  }
}

function isMarker({ text, isScalar }: YamlToken): boolean {
  return !isScalar && (text === '---' || text === '...')
}

/** True for tokens that can precede the first document: blanks, comments, directives and a byte order mark. */
function isPrelude({ text, isScalar }: YamlToken): boolean {
  return !isScalar && /^[\s\ufeff#%]/.test(text)
}

/**
 * Returns a function that finds the marker behind the first document among the tokens in their order.
 *
 * The function throws a {@link ParseFailure} for a text that begins with `...`, which ends no document.
 */
export function createDocumentEnd(): (token: YamlToken) => boolean {
  let hasStarted = false
  return (token) => {
    if (!isMarker(token)) {
      hasStarted ||= !isPrelude(token)
      return false
    }
    if (hasStarted) return true
    if (token.text === '...') throw new ParseFailure(token.offset, '"..." where a document must begin: remove it')
    hasStarted = true
    return false
  }
}

/** Returns whether a text that begins at a document marker has anything but markers, comments and blanks. */
export function hasContent(rest: string): boolean {
  return rest.split('\n').some((line) =>
    /[^\s#]/.test(
      line
        .replace(/^(?:---|\.\.\.)(?=\s|$)/, '')
        .trimStart()
        .charAt(0),
    ),
  )
}

/** The type that YAML 1.1 gives a plain scalar that is a string by YAML 1.2; undefined if it is a string by both. */
export function otherTypeOf(plain: string): 'boolean' | 'number' | undefined {
  if (BOOLEAN.test(plain)) return 'boolean'
  return plain.length <= MAX_NUMBER_LENGTH && NUMBER.test(plain.replaceAll('_', '')) ? 'number' : undefined
}
