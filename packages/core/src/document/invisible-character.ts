/** Names of invisible characters that editors, web pages and word processors insert. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x09, 'tab'],
  [0x0a, 'line feed'],
  [0x0d, 'carriage return'],
  [0x85, 'next line'],
  [0xa0, 'no-break space'],
  [0xad, 'soft hyphen'],
  [0x2002, 'en space'],
  [0x2003, 'em space'],
  [0x2007, 'figure space'],
  [0x2009, 'thin space'],
  [0x200b, 'zero width space'],
  [0x200c, 'zero width non-joiner'],
  [0x200d, 'zero width joiner'],
  [0x200e, 'left-to-right mark'],
  [0x200f, 'right-to-left mark'],
  [0x2028, 'line separator'],
  [0x2029, 'paragraph separator'],
  [0x202a, 'left-to-right embedding'],
  [0x202b, 'right-to-left embedding'],
  [0x202c, 'pop directional formatting'],
  [0x202d, 'left-to-right override'],
  [0x202e, 'right-to-left override'],
  [0x202f, 'narrow no-break space'],
  [0x2060, 'word joiner'],
  [0x3000, 'ideographic space'],
  [0xfeff, 'byte order mark'],
])

/**
 * Characters that show as nothing or as a blank, other than the space: categories Cc, Cf, Zs, Zl and Zp, fillers, the braille blank,
 * variation selectors and tags.
 */
const INVISIBLE =
  /(?! )[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\u115f\u1160\u2065\u2800\u3164\uffa0\u{E0000}-\u{E0FFF}]|\u034f|[\ufe00-\ufe0f]/u

/** An invisible character in a text. */
interface InvisibleCharacter {
  readonly offset: number
  /** Such as `U+00A0 no-break space`. */
  readonly name: string
}

/** The code point of a character, with its name if it has one here: `U+00A0 no-break space`. */
export function nameCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const name = NAMES.get(code)
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}${name === undefined ? '' : ` ${name}`}`
}

/** The first invisible character of a text. */
export function findInvisible(text: string): InvisibleCharacter | undefined {
  const offset = text.search(INVISIBLE)
  return offset < 0 ? undefined : { offset, name: nameCharacter(text.slice(offset)) }
}
