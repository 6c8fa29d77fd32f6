import t from 'tap'
import { judge, tokenReview } from './token-review.ts'

const user = { username: 'me', uid: 'u', groups: ['g'], extra: { arn: ['a'] } }

function review(status: object, version = 'v1'): object {
  return { kind: 'TokenReview', apiVersion: `authentication.k8s.io/${version}`, status }
}

await t.test('the request', async (test) => {
  test.match(tokenReview('v1beta1', 'x', []), { apiVersion: 'authentication.k8s.io/v1beta1', spec: { token: 'x' } })
  test.match(tokenReview('v1', 'x', ['a']), { spec: { audiences: ['a'] } })
})

await t.test('authenticated', async (test) => {
  const verdict = judge('v1', [], 200, review({ authenticated: true, user }))
  test.strictSame(verdict, { kind: 'authenticated', user: { ...user, extra: new Map([['arn', ['a']]]) } })
  test.match(judge('v1', [], 201, review({ authenticated: true, user: { username: 'me' } })), { user: { groups: [] } })
})

await t.test('refused', async (test) => {
  test.strictSame(judge('v1', [], 200, review({ authenticated: false })), { kind: 'refused' })
  test.strictSame(judge('v1', [], 200, review({ user: {} })), { kind: 'refused' })
})

await t.test('audiences', async (test) => {
  test.equal(
    judge('v1', ['a', 'b'], 200, review({ authenticated: true, user, audiences: ['b'] })).kind,
    'authenticated',
  )
  test.equal(judge('v1', ['a'], 200, review({ authenticated: true, user, audiences: ['b'] })).kind, 'refused')
  test.equal(judge('v1', ['a'], 200, review({ authenticated: true, user })).kind, 'authenticated')
})

await t.test('errors', async (test) => {
  const good = review({ authenticated: true, user })
  test.equal(judge('v1', [], 403, good).kind, 'error')
  test.equal(judge('v1beta1', [], 200, good).kind, 'error')
  test.equal(judge('v1', [], 200, undefined).kind, 'error')
  test.equal(judge('v1', [], 200, { ...good, kind: 'Status' }).kind, 'error')
  test.equal(judge('v1', [], 200, review({ authenticated: false, error: 'why' })).kind, 'error')
  for (const bad of [
    undefined,
    {},
    { ...user, groups: 'g' },
    { ...user, extra: { arn: 'a' } },
    { ...user, extra: [] },
  ]) {
    test.equal(judge('v1', [], 200, review({ authenticated: true, user: bad })).kind, 'error')
  }
})
