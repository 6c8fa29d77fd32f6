import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { parseTokenReview, REFUSED_403, renderAuthenticated, renderRefused } from '../../src/http/token-review.ts'

const V1 = 'authentication.k8s.io/v1'
const V1BETA1 = 'authentication.k8s.io/v1beta1'

void test('a TokenReview is read in both versions, and as v1beta1 if it has none', async (t) => {
  const spec = { token: 'abc', audiences: ['a', 'b'] }
  for (const apiVersion of [V1, V1BETA1]) {
    t.same(parseTokenReview(JSON.stringify({ apiVersion, kind: 'TokenReview', spec })), { apiVersion, ...spec })
  }
  t.same(parseTokenReview(JSON.stringify({ spec })), { apiVersion: V1BETA1, ...spec })
  t.same(parseTokenReview('{}'), { apiVersion: V1BETA1, token: '', audiences: [] })
  t.same(parseTokenReview('{"spec":null}'), { apiVersion: V1BETA1, token: '', audiences: [] })
  t.same(parseTokenReview('{"spec":{"token":null,"audiences":null}}'), {
    apiVersion: V1BETA1,
    token: '',
    audiences: [],
  })
})

void test('a body that is not a TokenReview is a malformed request', async (t) => {
  const bodies = [
    '',
    'x',
    'null',
    '1',
    '[]',
    '"{}"',
    '{"kind":"Pod"}',
    '{"kind":null}',
    '{"apiVersion":"v1"}',
    '{"apiVersion":1}',
    '{"spec":{"token":1}}',
    '{"spec":{"token":["a"]}}',
    '{"spec":{"audiences":"a"}}',
    '{"spec":{"audiences":[1]}}',
    '{"spec":{"audiences":[null]}}',
  ]
  for (const body of bodies) {
    const refusal = parseTokenReview(body)
    t.ok(refusal instanceof Refusal && refusal.reason === 'malformed_request', body)
  }
})

void test('properties of a prototype do not count', async (t) => {
  t.match(parseTokenReview('{"__proto__":{"spec":{"token":"a"}}}'), { token: '' })
  t.match(parseTokenReview('{"spec":{"__proto__":{"token":"a"}}}'), { token: '' })
})

void test('the answers have the shape of a TokenReview', async (t) => {
  const user = { username: 'u', uid: 'i', groups: ['g'] }
  const common = { kind: 'TokenReview', metadata: {}, spec: {} }
  t.same(JSON.parse(renderAuthenticated(V1, user, [])), {
    apiVersion: V1,
    ...common,
    status: { authenticated: true, user },
  })
  t.same(JSON.parse(renderAuthenticated(V1BETA1, user, ['a'])), {
    apiVersion: V1BETA1,
    ...common,
    status: { authenticated: true, user, audiences: ['a'] },
  })
  t.same(JSON.parse(renderRefused(V1)), { apiVersion: V1, ...common, status: { authenticated: false, user: {} } })
  t.same(JSON.parse(REFUSED_403), { metadata: {}, spec: {}, status: { user: {} } })
})
