/**
 * The characters that a terminal interprets or hides: Unicode's general categories Cc (C0, DEL, C1), Cf (format: bidirectional
 * controls, zero-width characters, tags, BOM), Zl and Zp (line and paragraph separators), and the unassigned code points
 * between bidirectional controls and in the block of tags. Letters, marks, emoji and variation selectors are not among them.
 *
 * @see {@link https://www.unicode.org/reports/tr44/#General_Category_Values | Unicode, general categories}
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2065\u{E0000}-\u{E00FF}]/gu

/** The same without LF and TAB, which format a text in lines and columns. */
const CONTROL_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2065\u{E0000}-\u{E00FF}]/gu

const PRINTABLE = /^[ -~]*$/
const PRINTABLE_LINES = /^[\n\t -~]*$/

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
])

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** Escapes each UTF-16 code unit as JSON does. */
function escapeAsJson(character: string): string {
  const short = SHORT_ESCAPES.get(character)
  if (short !== undefined) return short
  return Array.from({ length: character.length }, (_, at) => `\\u${hexadecimal(character.charCodeAt(at), 4)}`).join('')
}

/** Escapes each code point as in a double-quoted YAML scalar. YAML does not have surrogate pairs. */
function escapeAsYaml(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\U${hexadecimal(code, 8)}` : `\\u${hexadecimal(code, 4)}`
}

/** Escapes control characters as JSON does, including line breaks and tabs. The result is one line. */
export function escapeLine(text: string): string {
  return PRINTABLE.test(text) ? text : text.replace(CONTROL, escapeAsJson)
}

/** Escapes control characters as JSON does, except LF and TAB. JSON stays valid and means the same. */
export function escapeLines(text: string): string {
  return PRINTABLE_LINES.test(text) ? text : text.replace(CONTROL_IN_LINES, escapeAsJson)
}

/** Returns whether {@link escapeLines} would change the text. */
export function hasControlCharacters(text: string): boolean {
  return text.search(CONTROL_IN_LINES) >= 0
}

/** Escapes control characters, except LF and TAB, in YAML. Only double-quoted scalars may contain them. */
export function escapeYaml(text: string): string {
  return PRINTABLE_LINES.test(text) ? text : text.replace(CONTROL_IN_LINES, escapeAsYaml)
}
