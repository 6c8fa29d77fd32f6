import * as fc from 'fast-check'
import { tokenOfUrl } from './presigned.ts'

const OTHER_TEXT = [
  '&',
  '=',
  ';',
  '%',
  '%00',
  '#',
  '/',
  '?',
  '@',
  ':',
  '.',
  '\\',
  '\r\n',
  '+',
  ' ',
  '\0',
  '&Action=AssumeRole',
  '&x-amz-credential=AKIAOTHER%2F',
  '.evil.example',
  '@evil.example/',
]

/** Replaces some characters by other text; both may be empty. */
function splice(text: string, others: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(3), others)
    .map(([at, length, other]) => text.slice(0, at) + other + text.slice(at + length))
}

function flipCase(text: string): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(text.length), fc.nat(40)).map(([at, length]) => {
    const flipped = text
      .slice(at, at + length)
      .replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
    return text.slice(0, at) + flipped + text.slice(at + length)
  })
}

/** Splits the query into parameters, and drops, repeats or moves some. */
function shuffle(url: string): fc.Arbitrary<string> {
  const [before = '', query = ''] = url.split('?')
  return fc
    .array(fc.constantFrom(...query.split('&')), { minLength: 5, maxLength: 12 })
    .map((parameters) => `${before}?${parameters.join('&')}`)
}

/** Tokens made from a good presigned URL by small changes to the URL or to its encoding. */
export function tokenMutations(url: string): fc.Arbitrary<string> {
  const token = tokenOfUrl(url)
  const text = fc.oneof(
    fc.constantFrom(...OTHER_TEXT),
    fc.string({ maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const urls = fc.oneof(splice(url, text), splice(url, fc.constant('')), flipCase(url), shuffle(url))
  return fc.oneof(
    { weight: 2, arbitrary: urls.map(tokenOfUrl) },
    { weight: 1, arbitrary: splice(token, text) },
    { weight: 1, arbitrary: splice(token, fc.stringMatching(/^[A-Za-z0-9_-]{0,4}$/)) },
  )
}
