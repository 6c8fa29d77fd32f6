import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createTokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { test } from 'tap'
import { readKeySet } from '../../src/jwt/key-set.ts'

const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const SHORT_RSA = generateKeyPairSync('rsa', { modulusLength: 2040 })

const jwk = (key: KeyObject, more: object = {}): object => ({ ...key.export({ format: 'jwk' }), kid: 'a', ...more })
const read = (...keys: readonly unknown[]): ReturnType<typeof readKeySet> => readKeySet(JSON.stringify({ keys }))

async function sizeOf(...keys: readonly unknown[]): Promise<number | string> {
  const set = await read(...keys)
  return typeof set === 'string' ? set : set.size
}

void test('the keys that AWS publishes are found by algorithm and kid', async (t) => {
  const issuer = createTokenIssuer('a')
  const set = await readKeySet(issuer.jwks())
  if (typeof set === 'string') throw new TypeError(set)
  t.equal(set.size, 2)
  t.ok(set.find('RS256', 'RSA_0'))
  t.ok(set.find('ES384', 'EC384_0'))
  t.equal(set.find('RS256', 'EC384_0'), undefined)
  t.equal(set.find('ES384', 'EC384_1'), undefined)
})

void test('keys of other kinds are left out', async (t) => {
  const good = jwk(P384.publicKey, { kid: 'good' })
  for (const [name, other] of [
    ['P-256', jwk(P256.publicKey)],
    ['an RSA key below 2,048 bits', jwk(SHORT_RSA.publicKey)],
    ['for encryption', jwk(P384.publicKey, { use: 'enc' })],
    ['of another algorithm', jwk(P384.publicKey, { alg: 'ES256' })],
    ['RSA for PS256', jwk(RSA.publicKey, { alg: 'PS256' })],
    ['without a kid', jwk(P384.publicKey, { kid: undefined })],
    ['a kid that is a number', jwk(P384.publicKey, { kid: 1 })],
    ['a symmetric key', { kty: 'oct', kid: 'a', k: 'AAAA', alg: 'HS256' }],
    ['not on its curve', jwk(P384.publicKey, { x: 'A'.repeat(64) })],
    ['without a modulus', { kty: 'RSA', kid: 'a', e: 'AQAB' }],
    ['not an object', 'key'],
    ['null', null],
  ] as const) {
    t.equal(await sizeOf(other, good), 1, name)
    t.equal(await sizeOf(other), 'has no key for RS256 or ES384', name)
  }
  t.equal(await sizeOf(jwk(P384.privateKey)), 1, 'of a private key only the public part is used')
  t.equal(await sizeOf(jwk(P384.publicKey), jwk(RSA.publicKey)), 2, 'one kid for two algorithms')
})

void test('a document that can mean two things, or is too large, is refused', async (t) => {
  t.equal(await sizeOf(jwk(P384.publicKey), jwk(P384.publicKey)), 'has two keys of the same kind and kid')
  const many = (count: number): readonly object[] =>
    Array.from({ length: count }, (_, index) => jwk(P384.publicKey, { kid: `k${index}` }))
  t.equal(await sizeOf(...many(32)), 32)
  t.match(await sizeOf(...many(33)), /more than 32 keys/)
  for (const text of ['', 'x', '[]', '{}', '{"keys":{}}', '{"keys":null}', 'null']) {
    t.match(await readKeySet(text), /is not a JSON Web Key Set/, text)
  }
})
