import * as fc from 'fast-check'

/** Text with a meaning in JSON or in JSON strings. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u0000',
  '\\ud800',
  'null',
  'true',
  '1e999',
  '-',
  '\0',
  '\u2028',
  '}{',
]

const KEYS = ['apiVersion', 'kind', 'spec', 'token', 'audiences', 'status', 'metadata', '__proto__', 'constructor', '']

/** The TokenReview that kube-apiserver sends. */
export function reviewOf(token: string): string {
  return JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
}

/** Objects with the keys of a TokenReview, and values of any type. */
function nearReviews(token: string): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.constant(token),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('TokenReview', 'authentication.k8s.io/v1', 'authentication.k8s.io/v1beta1', 'k8s.local'),
  )
  const spec = fc.oneof(fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 4 }), value)
  return fc
    .dictionary(fc.constantFrom(...KEYS), fc.oneof(spec, value), { maxKeys: 6 })
    .map((review) => JSON.stringify(review))
}

function deep(open: string, close: string): fc.Arbitrary<string> {
  return fc.integer({ min: 1, max: 20_000 }).map((depth) => open.repeat(depth) + close.repeat(depth))
}

/** Bodies that are not, or almost, a TokenReview, or one in unusual spelling. Each contains `token` at most once. */
export function bodyMutations(token: string): fc.Arbitrary<string> {
  const review = reviewOf(token)
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 4 }))
  const spliced = fc
    .tuple(fc.nat(review.length), fc.nat(30), piece)
    .map(([at, length, other]) => review.slice(0, at) + other + review.slice(at + length))
  return fc.oneof(
    { weight: 40, arbitrary: spliced },
    { weight: 40, arbitrary: nearReviews(token) },
    { weight: 10, arbitrary: fc.json({ maxDepth: 3 }) },
    { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: fc.oneof(deep('[', ']'), deep('{"spec":', '}'), deep('{"spec":{"token":', '')) },
  )
}
