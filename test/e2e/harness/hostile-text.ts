import type { Test } from 'tap'
import type { Finished } from './command.ts'

/** Sets a title, clears a screen by C1, reverses and hides text, in one line. */
export const HOSTILE: string = 'a\u001b]0;owned\u0007\u009b2J\u202e\u2066\u200b\u2028\ufeff\u061c\u{e0041}z'

/** The same, and a line that imitates one of the command. */
export const HOSTILE_LINES: string = `${HOSTILE}\r\nError: forged\tline`

/** The characters of it that XML allows, for an answer of AWS. */
export const HOSTILE_XML: string = 'a\u009b2J\u202e\u2066\u200b\u2028\ufeff\u061c\u{e0041}z\nError: forged\tline'

/** A text as a double-quoted YAML scalar, with an escape for each character that is not printable ASCII. */
export function quoted(text: string): string {
  const characters = Array.from(text, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    if (/^[ -~]$/.test(character)) return character
    return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
  })
  return `"${characters.join('')}"`
}

const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{e0000}-\u{e00ff}]/u

/** Asserts that a text is shown, and that no character can control a terminal or be invisible on one. */
export function shownSafely(t: Test, text: string, what: string): void {
  // YAML has a shorter escape than JSON.
  t.match(text, /\\u001b|\\e|\\u202e/, `${what}: it is shown`)
  t.notMatch(text.replaceAll(/[\n\t]/g, ''), CONTROL, `${what}: no control characters`)
  t.notMatch(text, /^Error: forged/m, `${what}: no line of its own`)
}

/** The same for the whole output of a run. */
export function ranSafely(t: Test, { code, stdout, stderr }: Finished, expected: number, what: string): void {
  t.equal(code, expected, `${what}: ${encodeURI(stderr.slice(0, 200))}`)
  shownSafely(t, stdout + stderr, what)
}
