import { hash } from 'node:crypto'
import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type {
  TrustedIssuer,
  WebIdentitySettings,
} from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { MAX_TOKEN_LENGTH } from '@aws-iam-authenticator/core/token/codec'
import type { CryptoKey } from 'jose'
import type { Verified } from './verify.ts'
import type { Remembered } from '../sts/remembered.ts'
import { createSingleFlight } from '../util/single-flight.ts'
import type { KeySource } from '../jwt/key-source.ts'
import { readJwt, type UnverifiedJwt } from '../jwt/read-jwt.ts'
import { verifyJwt } from '../jwt/verify-jwt.ts'

/** Verifies a JWT. Null if it is a foreign token, such as one of a service account. */
export type VerifyJwt = (token: string) => Promise<Verified | Refusal | null>

/** A verified JWT in the cache. */
export interface RememberedJwt {
  readonly verified: Verified
  /** The key that verified it. The JWT counts only as long as the issuer publishes this key. */
  readonly isCurrent: () => boolean
}

export interface JwtVerifierOptions {
  readonly settings: WebIdentitySettings
  readonly clusterId: string
  readonly partition: Partition
  /** The keys of each issuer, by its URL. */
  readonly keys: ReadonlyMap<string, Pick<KeySource, 'current' | 'refresh'>>
  readonly now: () => Date
  /** The cache of verified JWTs, and their longest lifetime in milliseconds; without it, each signature is checked. */
  readonly memory?: { readonly remembered: Remembered<RememberedJwt>; readonly ttlMs: number }
}

/** The names of AWS's own issuers have this in any partition. */
const AWS_ISSUER = '.tokens.sts.'

/** Finds the key of a JWT. An unknown key may be new: then the keys are read again, at a bounded rate. */
async function findKey(
  { algorithm, kid }: UnverifiedJwt,
  source: Pick<KeySource, 'current' | 'refresh'>,
): Promise<CryptoKey | Refusal> {
  const known = source.current()?.find(algorithm, kid)
  if (known !== undefined) return known
  await source.refresh()
  const keys = source.current()
  if (keys === null) return new Refusal('keys_unavailable', 'the keys of the issuer are not loaded')
  return (
    keys.find(algorithm, kid) ??
    new Refusal('unknown_signing_key', 'the issuer of the JWT publishes no key with its kid and alg')
  )
}

/** Creates the verifier of AWS-signed JWTs. It calls no one, unless a JWT names a key that is not known yet. */
export function createJwtVerifier(options: JwtVerifierOptions): VerifyJwt {
  const { settings, clusterId, partition, keys, now, memory } = options
  const audiences = settings.audiences ?? [clusterId]
  const issuers = new Map(settings.issuers.map((issuer) => [issuer.url, issuer]))
  const accounts = new Map(settings.issuers.map((issuer) => [issuer.url, new Set(issuer.accounts)]))
  const inFlight = createSingleFlight<Verified | Refusal>()

  const check = async (
    token: string,
    digest: string,
    jwt: UnverifiedJwt,
    issuer: TrustedIssuer,
  ): Promise<Verified | Refusal> => {
    const source = keys.get(issuer.url)
    if (source === undefined) throw new TypeError('an issuer without a source of keys')
    const key = await findKey(jwt, source)
    if (key instanceof Refusal) return key
    const policy = {
      issuer: issuer.url,
      accounts: accounts.get(issuer.url) ?? new Set<string>(),
      audiences,
      partition,
      now: now(),
    }
    const outcome = await verifyJwt(token, jwt, key, policy)
    if (outcome instanceof Refusal) return outcome
    const verified: Verified = { identity: outcome.identity, issuer: issuer.url, isRemembered: false }
    const isCurrent = (): boolean => source.current()?.find(jwt.algorithm, jwt.kid) === key
    const leftMs = outcome.refusedAt - now().getTime()
    const toRemember = { verified: { ...verified, isRemembered: true }, isCurrent }
    memory?.remembered.remember(digest, toRemember, Math.min(leftMs, memory.ttlMs))
    return verified
  }
  return async (token) => {
    // The key is a digest, so that no token stays in a table. A text that is too long is not hashed.
    const digest = token.length > MAX_TOKEN_LENGTH ? '' : hash('sha256', token, 'base64')
    const known = memory?.remembered.recall(digest)
    if (known?.isCurrent() === true) return known.verified
    const jwt = readJwt(token)
    if (jwt instanceof Refusal) return jwt
    const { iss } = jwt.claims
    const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
    if (issuer !== undefined) return inFlight.run(digest, () => check(token, digest, jwt, issuer))
    const isOfAws = typeof iss === 'string' && iss.toLowerCase().includes(AWS_ISSUER)
    return isOfAws
      ? new Refusal('untrusted_issuer', 'the issuer of the JWT is not in server.webIdentity.issuers')
      : null
  }
}
