import { test } from 'tap'
import { createAuthenticator } from '../../src/library/kubernetes-authenticator.ts'
import { createTokenSource, type TokenSourceOptions } from '../../src/library/token-source.ts'

/** Makes a numbered token for each call, for 14 minutes of a clock that the test sets. */
function numbered(): { options: TokenSourceOptions; clock: { ms: number }; failure: { next?: Error } } {
  const clock = { ms: 0 }
  const failure: { next?: Error } = {}
  let made = 0
  const makeToken: NonNullable<TokenSourceOptions['makeToken']> = async () => {
    const { next } = failure
    delete failure.next
    if (next !== undefined) throw next
    made += 1
    return { token: `token-${made}`, expiresAt: new Date(clock.ms + 14 * 60_000) }
  }
  return { options: { clusterId: 'k8s.local', makeToken, now: () => new Date(clock.ms) }, clock, failure }
}

void test('keeps a token until 10 s before its end', async (t) => {
  const { options, clock } = numbered()
  const source = createTokenSource(options)
  t.equal(await source.token(), 'token-1')
  clock.ms = 14 * 60_000 - 10_001
  t.equal(await source.token(), 'token-1')
  clock.ms = 14 * 60_000 - 10_000
  t.equal(await source.token(), 'token-2')
})

void test('calls at the same time share one renewal', async (t) => {
  const { options } = numbered()
  const source = createTokenSource(options)
  t.strictSame(await Promise.all([source.token(), source.token(), source.token()]), ['token-1', 'token-1', 'token-1'])
})

void test('after an error the next call tries again', async (t) => {
  const { options, failure } = numbered()
  failure.next = new Error('no network')
  const source = createTokenSource(options)
  await t.rejects(Promise.all([source.token(), source.token()]), { message: 'no network' })
  t.equal(await source.token(), 'token-1')
})

void test('an expired token is not returned, also if there is no other', async (t) => {
  const { options, clock, failure } = numbered()
  const source = createTokenSource(options)
  await source.token()
  clock.ms = 15 * 60_000
  failure.next = new Error('no network')
  await t.rejects(source.token(), { message: 'no network' })
})

void test('the authenticator is for one user, and keeps the other headers', async (t) => {
  const { options, clock } = numbered()
  const authenticator = createAuthenticator({ ...options, user: 'alice' })
  t.equal(authenticator.isAuthProvider({ name: 'alice' }), true)
  t.equal(authenticator.isAuthProvider({ name: 'bob' }), false)
  const request: { headers?: unknown } = { headers: { accept: 'application/json', authorization: 'Basic eDp5' } }
  await authenticator.applyAuthentication({ name: 'alice' }, request)
  t.strictSame(request.headers, { accept: 'application/json', Authorization: 'Bearer token-1' })
  clock.ms = 15 * 60_000
  const next: { headers?: unknown } = {}
  await authenticator.applyAuthentication({ name: 'alice' }, next)
  t.strictSame(next.headers, { Authorization: 'Bearer token-2' })
})
