import { hostileJwts } from '@aws-iam-authenticator/sandbox/aws/hostile-jwts'
import { test } from 'tap'
import { looksLikeJwt } from '../../src/jwt/read-jwt.ts'
import { createRemembered } from '../../src/sts/remembered.ts'
import type { RememberedJwt } from '../../src/login/jwt-verifier.ts'
import { ADMIN, ACCOUNT, claimsOf, CLUSTER, jwtSetting, NOW, reasonOf } from './jwt-harness.ts'

void test('a JWT proves the principal by its canonical ARN, with either algorithm', async (t) => {
  const { issuer, verify } = await jwtSetting()
  const aws = { source_identity: 'alice', principal_tags: { team: 'payments' }, org_id: 'o-a1b2c3d4e5' }
  for (const algorithm of ['ES384', 'RS256'] as const) {
    t.match(await verify(issuer.sign(claimsOf(issuer, ADMIN, aws), algorithm)), {
      identity: {
        arn: ADMIN,
        canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Admin`,
        kind: 'role',
        accountId: ACCOUNT,
        userId: '',
        sessionName: '',
        accessKeyId: '',
        web: { sourceIdentity: 'alice', orgId: 'o-a1b2c3d4e5', principalTags: new Map([['team', 'payments']]) },
      },
      issuer: issuer.url,
      isRemembered: false,
    })
  }
  const user = `arn:aws:iam::${ACCOUNT}:user/team/alice`
  t.match(await verify(issuer.sign(claimsOf(issuer, user))), { identity: { canonicalArn: user, kind: 'user' } })
})

void test('hostile JWTs are refused, each with its reason', async (t) => {
  const { issuer, stranger, verify } = await jwtSetting()
  t.equal(reasonOf(await verify(issuer.sign(claimsOf(issuer)))), 'granted', 'the one that they are made of')
  const hostile = hostileJwts({ issuer, stranger, audience: CLUSTER, sub: ADMIN, now: NOW })
  t.ok(hostile.length >= 60, `${hostile.length} of them`)
  for (const { name, token, reason } of hostile) {
    const outcome = looksLikeJwt(token) ? reasonOf(await verify(token)) : 'foreign'
    t.equal(outcome, reason ?? 'foreign', name)
  }
})

void test('the limits of times are inclusive', async (t) => {
  const { issuer, verify } = await jwtSetting()
  const iat = NOW.getTime() / 1000
  const good = claimsOf(issuer)
  for (const [times, reason] of [
    [{ iat: iat - 3600, exp: iat }, 'granted'],
    [{ iat: iat - 600, exp: iat - 59 }, 'granted'],
    [{ iat: iat - 600, exp: iat - 60 }, 'expired'],
    [{ iat: iat + 60, exp: iat + 900 }, 'granted'],
    [{ iat: iat + 61, exp: iat + 900 }, 'clock_ahead'],
    [{ iat, exp: iat + 3600 }, 'granted'],
    [{ iat, exp: iat + 3601 }, 'malformed_token'],
    [{ nbf: iat + 60 }, 'granted'],
    [{ nbf: iat + 61 }, 'clock_ahead'],
  ] as const) {
    t.equal(reasonOf(await verify(issuer.sign({ ...good, ...times }))), reason, JSON.stringify(times))
  }
})

void test('ten audiences are read, and one of them must be configured', async (t) => {
  const { issuer, verify } = await jwtSetting()
  t.equal(
    reasonOf(await verify(issuer.sign({ ...claimsOf(issuer), aud: [...Array.from('123456789'), CLUSTER] }))),
    'granted',
  )
})

void test('a new key is found by one refresh, and a withdrawn one ends what is remembered', async (t) => {
  const remembered = createRemembered<RememberedJwt>(
    () => 0,
    () => undefined,
  )
  const { issuer, verify, refreshes } = await jwtSetting({ memory: { remembered, ttlMs: 60_000 } })
  const old = issuer.sign(claimsOf(issuer))
  t.match(await verify(old), { isRemembered: false })
  t.match(await verify(old), { isRemembered: true })
  issuer.rotate()
  const token = issuer.sign(claimsOf(issuer))
  const both = await Promise.all([verify(token), verify(token)])
  t.strictSame(both.map(reasonOf), ['granted', 'granted'])
  t.equal(refreshes(), 1)
  t.equal(reasonOf(await verify(old)), 'granted', 'the old key is still published')
  issuer.keys.splice(0, 2)
  issuer.rotate()
  t.equal(reasonOf(await verify(issuer.sign(claimsOf(issuer)))), 'granted')
  t.equal(reasonOf(await verify(old)), 'unknown_signing_key')
})

void test('an outcome is remembered no longer than the JWT is good', async (t) => {
  let now = NOW.getTime()
  const remembered = createRemembered<RememberedJwt>(
    () => now,
    () => undefined,
  )
  const { issuer, verify } = await jwtSetting({
    memory: { remembered, ttlMs: 3_600_000 },
    now: () => new Date(now),
  })
  const token = issuer.sign(claimsOf(issuer))
  t.match(await verify(token), { isRemembered: false })
  now += 959_000
  t.match(await verify(token), { isRemembered: true })
  now += 1_000
  t.equal(reasonOf(await verify(token)), 'expired')
})

void test('without keys a login is neither granted nor refused for good', async (t) => {
  const { issuer } = await jwtSetting()
  const keys = new Map([[issuer.url, { current: () => null, refresh: () => Promise.resolve() }]])
  const { verify } = await jwtSetting({ keys })
  t.equal(reasonOf(await verify(issuer.sign(claimsOf(issuer)))), 'keys_unavailable')
})

/** A generator of numbers below a limit (xorshift), so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.abs(state) % below
  }
}

void test('10,000 mutations of a good JWT are all refused', async (t) => {
  const { issuer, verify } = await jwtSetting()
  const next = numbers(20_261_129)
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "\0é'
  const good = [issuer.sign(claimsOf(issuer), 'ES384'), issuer.sign(claimsOf(issuer), 'RS256')]
  const granted: string[] = []
  for (let round = 0; round < 10_000; round += 1) {
    const token = good[round % 2] ?? ''
    const at = next(token.length)
    const letter = letters[next(letters.length)] ?? ''
    const length = next(4)
    const mutated = [
      `${token.slice(0, at)}${letter}${token.slice(at + 1)}`,
      `${token.slice(0, at)}${token.slice(at + 1 + length)}`,
      `${token.slice(0, at)}${letter}${token.slice(at)}`,
      `${token.slice(0, at)}${token.slice(at).split('').reverse().join('')}`,
      `${token.slice(0, at)}${good[(round + 1) % 2]?.slice(at) ?? ''}`,
    ][next(5)]
    if (mutated === undefined || good.includes(mutated)) continue
    const outcome = looksLikeJwt(mutated) ? reasonOf(await verify(mutated)) : 'foreign'
    if (outcome === 'granted') granted.push(`${round}`)
  }
  t.strictSame(granted, [])
})
