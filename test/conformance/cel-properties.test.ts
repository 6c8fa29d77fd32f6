import { globExpression, literal } from '@aws-iam-authenticator/core/authentication-config/cel'
import { matchesGlob } from '@aws-iam-authenticator/core/mapping/glob'
import * as fc from 'fast-check'
import t from 'tap'
import { holds } from './holds.ts'

/** Reads a literal of CEL as its specification says. Undefined for anything else, such as a literal with something behind it. */
function readLiteral(text: string): string | undefined {
  const body = /^'((?:[^'\\\n\r]|\\\\|\\'|\\U[0-9a-f]{8})*)'$/.exec(text)?.[1]
  return body?.replace(/\\(?:U([0-9a-f]{8})|(.))/g, (_, code: string | undefined, character: string | undefined) =>
    code === undefined ? (character ?? '') : String.fromCodePoint(Number.parseInt(code, 16)),
  )
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom("'", '\\', '"', '\n', '\r', '\u2028', '\ud800', '\udc00', '{{', 'U', '0', ']', '+'),
  }),
)

t.test('no text ends its literal, and each is printable ASCII', async (t) => {
  holds(
    t,
    fc.property(hostile, (text) => {
      const written = literal(text)
      return /^[ -~]*$/.test(written) && readLiteral(written) === text.toWellFormed()
    }),
    { numRuns: 20_000 },
  )
  t.equal(literal("it's \\ \u00e4\n"), String.raw`'it\'s \\ \U000000e4\U0000000a'`)
  t.equal(literal('\ud800'), String.raw`'\U0000fffd'`, 'as Go reads the JSON of a TokenReview')
})

t.test('the regular expression of a pattern matches what the pattern matches', async (t) => {
  const glob = fc.string({
    unit: fc.constantFrom('*', '?', 'a', 'b', '/', '.', '+', '-', '^', '\\', '[', ']', '|', '(', '$'),
  })
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '+', '-', '^', '\\', '[', ']', '|', '(', '$') })
  holds(
    t,
    fc.property(
      glob,
      name,
      (pattern, text) => new RegExp(globExpression(pattern)).test(text) === matchesGlob(pattern, text),
    ),
    { numRuns: 20_000 },
  )
  t.equal(globExpression('ci-*.?'), '^ci-[^/]*[.][^/]$')
})
