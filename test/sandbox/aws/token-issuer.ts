import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Reply, Route, WireRequest } from './wire.ts'

/** The algorithms of AWS-signed JWTs. */
export type SigningAlgorithm = 'RS256' | 'ES384'

/** A key of an issuer. */
interface SigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** The issuer of one account: signs JWTs, and serves its keys on a host of its own. */
export interface TokenIssuer extends Route {
  /** `https://<uuid>.tokens.sts.global.api.aws`. */
  readonly url: string
  /** The requests so far, by path. */
  readonly requests: readonly string[]
  /** The published keys, oldest first. Tests may change the list at any time. */
  readonly keys: SigningKey[]
  /** What `/.well-known/jwks.json` serves. */
  jwks(): string
  /** Signs claims with the newest key of the algorithm. */
  sign(claims: object, algorithm?: SigningAlgorithm): string
  /** Publishes a new key for each algorithm, beside the old ones. From now on it signs. */
  rotate(): void
  /** What answers instead of the documents; undefined for the documents. */
  fault: Reply | undefined
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Signs a JWT with any header (RFC 7515, compact serialization). */
export function signJwt(header: object, claims: object, algorithm: SigningAlgorithm, privateKey: KeyObject): string {
  const input = `${base64url(header)}.${base64url(claims)}`
  const sign = createSign(algorithm === 'RS256' ? 'sha256' : 'sha384').update(input)
  return `${input}.${sign.sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }, 'base64url')}`
}

function createKey(algorithm: SigningAlgorithm, number: number): SigningKey {
  const pair =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-384' })
  return { kid: `${algorithm === 'RS256' ? 'RSA' : 'EC384'}_${number}`, algorithm, ...pair }
}

/** As AWS publishes it: the RSA key has no `alg`. */
function publicJwk({ kid, algorithm, publicKey }: SigningKey): object {
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', kid }
  return algorithm === 'RS256' ? jwk : { ...jwk, alg: algorithm }
}

function json(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

/** Creates the issuer of an account. */
export function createTokenIssuer(id: string): TokenIssuer {
  const host = `${id}.tokens.sts.global.api.aws`
  const url = `https://${host}`
  const requests: string[] = []
  let number = 0
  const discovery = JSON.stringify({
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks.json`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES384'],
  })
  const answer = async ({ path }: WireRequest): Promise<Reply> => {
    requests.push(path)
    if (issuer.fault !== undefined) return issuer.fault
    if (path === '/.well-known/openid-configuration') return json(discovery)
    if (path === '/.well-known/jwks.json') return json(issuer.jwks())
    return { status: 404, headers: {}, body: '' }
  }
  const issuer: TokenIssuer = {
    url,
    requests,
    keys: [createKey('RS256', number), createKey('ES384', number)],
    fault: undefined,
    matches: (asked) => asked === host,
    handle: answer,
    jwks: () => JSON.stringify({ keys: issuer.keys.map(publicJwk) }),
    sign: (claims, algorithm = 'ES384') => {
      const key = issuer.keys.findLast((candidate) => candidate.algorithm === algorithm)
      if (key === undefined) throw new TypeError(`the issuer has no key for ${algorithm}`)
      return signJwt({ alg: algorithm, kid: key.kid, typ: 'JWT' }, claims, algorithm, key.privateKey)
    },
    rotate: () => {
      number += 1
      issuer.keys.push(createKey('RS256', number), createKey('ES384', number))
    },
  }
  return issuer
}
