import { AWS_CLAIM } from '../identity/web-identity.ts'

/** AWS's own claims, in an expression over `claims`. */
export const AWS: string = `claims[${literal(AWS_CLAIM)}]`

/** Escapes every character that is not printable ASCII, by code point. A lone surrogate becomes U+FFFD, as in the JSON of a TokenReview. */
function escape(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`
  const code = character.codePointAt(0) ?? 0
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return `\\U${(isSurrogate ? 0xfffd : code).toString(16).padStart(8, '0')}`
}

/**
 * A string literal of CEL. The text comes from mappings, so it must not be able to end the literal.
 *
 * @see {@link https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values | CEL, string values}
 */
export function literal(text: string): string {
  return `'${text.replace(/[^ -&(-[\]-~]/gu, escape)}'`
}

/** A list of string literals. */
export function literals(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`
}

/** The regular expression, for CEL's `matches`, of a pattern of `matchesGlob`. */
export function globExpression(glob: string): string {
  const parts = Array.from(glob, (character) => {
    if (character === '*') return '[^/]*'
    if (character === '?') return '[^/]'
    return /[\w/:,=@-]/.test(character) ? character : `[${/[\^\\\]]/.test(character) ? '\\' : ''}${character}]`
  })
  return `^${parts.join('')}$`
}

/** An optional that has the value if the condition is true. */
export function when(condition: string, value: string): string {
  return `?(${condition} ? optional.of(${value}) : optional.none())`
}

/** Binds a name, as the macro `cel.bind` does, which the API server does not have. */
export function bind(name: string, value: string, body: string): string {
  return `[${value}].map(${name}, ${body})[0]`
}
