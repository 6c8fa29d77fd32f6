import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { test } from 'tap'
import { finish } from '../../packages/core/src/steps.ts'
import { jsonSteps } from '../../packages/server/src/kubernetes/json-steps.ts'
import { holds } from './holds.ts'

const runs = { seed: 20_261_128, numRuns: Number(process.env['PROPERTY_RUNS'] ?? 150) }

/** What may be cut at the wrong place. */
const part = fc.constantFrom(
  '- userarn: arn:aws:iam::123456789012:user/a\n  username: a\n',
  'word ',
  '"quoted" ',
  '\\',
  '\\\\"',
  'é',
  '€',
  '😀',
  '\u0000\u001f',
  '": ',
  '\u{d83d}',
)
/** Of parts that come again and again, so that it is long. */
const long = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 5 }), fc.nat(9_000))
  .map(([parts, times]) => parts.join('').repeat(times))
const text = fc.oneof({ weight: 1, arbitrary: long }, { weight: 2, arbitrary: fc.string() })
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.constantFrom(null, true),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', '1')), tie('any'), { maxKeys: 3 }),
  ),
})).any

/** Escapes that need not be, as some writers make them. */
function escapeMore(json: string): string {
  return json.replaceAll(/[^ -~\t\n]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function outcome(parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    return error instanceof SyntaxError ? 'no JSON' : error
  }
}

test('JSON read in steps is what JSON.parse gives', (t) => {
  holds(
    t,
    fc.property(value, fc.constantFrom(undefined, 2, '\t'), fc.boolean(), (written, space, isEscaped) => {
      const json = JSON.stringify(written, null, space)
      const bytes = Buffer.from(isEscaped ? escapeMore(json) : json)
      const expected: unknown = JSON.parse(bytes.toString())
      return isDeepStrictEqual(finish(jsonSteps(bytes)), expected)
    }),
    runs,
  )
  t.end()
})

test('what is no JSON is none in steps either', (t) => {
  const damage = fc.tuple(fc.nat(), fc.nat(40), fc.constantFrom('', '"', '\\', '\n', '}', '\u0000'))
  holds(
    t,
    fc.property(long, fc.array(damage, { minLength: 1, maxLength: 2 }), (written, damages) => {
      let json = JSON.stringify({ data: { mapUsers: written, mapRoles: 'short' } })
      for (const [place, count, instead] of damages) {
        const at = place % json.length
        json = json.slice(0, at) + instead + json.slice(at + count)
      }
      const bytes = Buffer.from(json)
      const expected = outcome(() => JSON.parse(bytes.toString()))
      return isDeepStrictEqual(
        outcome(() => finish(jsonSteps(bytes))),
        expected,
      )
    }),
    runs,
  )
  t.end()
})

test('no step of a long string takes all of it', (t) => {
  const json = JSON.stringify({ data: { mapUsers: '- userarn: "arn"\n'.repeat(60_000) } })
  let steps = 0
  const parsing = jsonSteps(Buffer.from(json))
  while (parsing.next().done !== true) steps += 1
  t.ok(steps > 60, `${steps} steps`)
  t.end()
})
