import { test } from 'tap'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { looksLikeJwt, readJwt } from '../../src/jwt/read-jwt.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEADER = { alg: 'ES384', kid: 'k' }

const jwt = (header: unknown, claims: unknown = { iss: 'i' }): string => `${encode(header)}.${encode(claims)}.AAAA`

void test('the form of a JWT is read at its limits', async (t) => {
  t.strictSame(readJwt(jwt(HEADER)), { algorithm: 'ES384', kid: 'k', claims: { iss: 'i' } })
  t.match(readJwt(jwt({ ...HEADER, kid: 'k'.repeat(128) })), { kid: 'k'.repeat(128) })
  t.type(readJwt(jwt({ ...HEADER, kid: 'k'.repeat(129) })), Refusal)
  const start = `${encode(HEADER)}.${encode({ iss: 'i' })}.`
  const signature = 'A'.repeat(16 * 1024 - start.length - ((16 * 1024 - start.length) % 4))
  t.match(readJwt(start + signature), { kid: 'k' })
  t.match(readJwt(`${start}${signature}AAAA`), { reason: 'malformed_token', message: /too large/ })
  t.match(readJwt(jwt({ ...HEADER, typ: 'JWT', x5t: 'a' })), { kid: 'k' }, 'other parameters are ignored')
})

void test('three segments of which the first is JSON look like a JWT', async (t) => {
  for (const token of [jwt(HEADER), 'ey.a.b']) t.ok(looksLikeJwt(token), token)
  for (const token of ['', 'ey', 'ey.a', 'ey.a.b.c', 'k8s-aws-v1.ey.a', 'x.a.b']) t.notOk(looksLikeJwt(token), token)
})
