import { isRecord, parseJsonValue, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { importJWK, type CryptoKey } from 'jose'
import type { SigningAlgorithm } from './read-jwt.ts'

/** The longest document with keys, in bytes. AWS publishes two keys, of about 1 KiB. */
export const MAX_KEY_SET_BYTES: number = 64 * 1024
/** The limit of keys in a document. */
const MAX_KEYS = 32

/** The public keys of an issuer. */
export interface KeySet {
  readonly size: number
  find(algorithm: SigningAlgorithm, kid: string): CryptoKey | undefined
}

/** The limits of an RSA modulus, in bits. */
const RSA_BITS = { least: 2_048, most: 8_192 }

function algorithmOf(jwk: unknown): SigningAlgorithm | null {
  const alg = property(jwk, 'alg')
  if (property(jwk, 'use') !== undefined && property(jwk, 'use') !== 'sig') return null
  const kty = textAt(jwk, 'kty')
  if (kty === 'RSA' && (alg === undefined || alg === 'RS256')) return 'RS256'
  return kty === 'EC' && textAt(jwk, 'crv') === 'P-384' && (alg === undefined || alg === 'ES384') ? 'ES384' : null
}

function hasAllowedLength(algorithm: SigningAlgorithm, jwk: unknown): boolean {
  if (algorithm !== 'RS256') return true
  const bits = Buffer.from(textAt(jwk, 'n') ?? '', 'base64url').length * 8
  return bits >= RSA_BITS.least && bits <= RSA_BITS.most
}

/** Imports the public part of a key. Null for a key that AWS does not sign with. */
async function importKey(jwk: unknown): Promise<readonly [string, CryptoKey] | null> {
  const algorithm = algorithmOf(jwk)
  const kid = textAt(jwk, 'kid') ?? ''
  if (algorithm === null || kid === '' || !hasAllowedLength(algorithm, jwk)) return null
  const [n = '', e = '', x = '', y = ''] = ['n', 'e', 'x', 'y'].map((name) => textAt(jwk, name))
  const publicPart = algorithm === 'RS256' ? { kty: 'RSA', n, e } : { kty: 'EC', crv: 'P-384', x, y }
  try {
    const key = await importJWK(publicPart, algorithm)
    return key instanceof Uint8Array ? null : [`${algorithm} ${kid}`, key]
  } catch {
    return null
  }
}

/**
 * Reads a JSON Web Key Set (RFC 7517 section 5). Keys of other kinds are left out. A key may have no `alg`, as RSA keys of AWS.
 *
 * @returns The keys, or the end of a sentence about the document.
 */
export async function readKeySet(text: string): Promise<KeySet | string> {
  const document = parseJsonValue(text)
  const keys = property(document, 'keys')
  if (!isRecord(document) || !Array.isArray(keys)) return 'is not a JSON Web Key Set: an object with the list "keys"'
  if (keys.length > MAX_KEYS) return `has more than ${MAX_KEYS} keys, which is the limit`
  const found = await Promise.all(keys.map(importKey))
  const byName = new Map<string, CryptoKey>()
  for (const [name, key] of found.filter((item) => item !== null)) {
    if (byName.has(name)) return 'has two keys of the same kind and kid'
    byName.set(name, key)
  }
  if (byName.size === 0) return 'has no key for RS256 or ES384'
  return { size: byName.size, find: (algorithm, kid) => byName.get(`${algorithm} ${kid}`) }
}
