import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { jwtClaims, type JwtClaims } from '@aws-iam-authenticator/sandbox/aws/jwt-claims'
import { createTokenIssuer, type TokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { createJwtVerifier, type JwtVerifierOptions, type VerifyJwt } from '../../src/login/jwt-verifier.ts'
import { readKeySet, type KeySet } from '../../src/jwt/key-set.ts'
import type { Verified } from '../../src/login/verify.ts'

export const NOW: Date = new Date('2026-03-04T05:06:07Z')
export const CLUSTER = 'k8s.local'
export const ACCOUNT = '111122223333'
export const ADMIN = `arn:aws:iam::${ACCOUNT}:role/team/Admin`

/** The keys that an issuer publishes now. */
export async function publishedKeys(issuer: TokenIssuer): Promise<KeySet> {
  const keys = await readKeySet(issuer.jwks())
  if (typeof keys === 'string') throw new TypeError(keys)
  return keys
}

/** A verifier with one issuer, whose keys a refresh reads again. */
export interface JwtSetting {
  readonly issuer: TokenIssuer
  readonly stranger: TokenIssuer
  readonly verify: VerifyJwt
  /** The number of times that the keys were read again. */
  readonly refreshes: () => number
}

export async function jwtSetting(options: Partial<JwtVerifierOptions> = {}): Promise<JwtSetting> {
  const issuer = createTokenIssuer('11111111-2222-3333-4444-555555555555')
  const stranger = createTokenIssuer('99999999-2222-3333-4444-555555555555')
  const partition = findPartition('aws')
  if (partition === undefined) throw new TypeError('no partition')
  let keys = await publishedKeys(issuer)
  let refreshes = 0
  const location = { source: 'config.yaml', line: 1, column: 1 }
  const verify = createJwtVerifier({
    settings: { audiences: null, issuers: [{ url: issuer.url, accounts: [ACCOUNT], jwksFile: null, location }] },
    clusterId: CLUSTER,
    partition,
    keys: new Map([
      [
        issuer.url,
        {
          current: () => keys,
          refresh: async () => {
            refreshes += 1
            keys = await publishedKeys(issuer)
          },
        },
      ],
    ]),
    now: () => NOW,
    ...options,
  })
  return { issuer, stranger, verify, refreshes: () => refreshes }
}

/** The claims of a principal's JWT for the cluster. */
export function claimsOf(issuer: TokenIssuer, sub: string = ADMIN, aws: JwtClaims = {}): JwtClaims {
  return jwtClaims({ issuer: issuer.url, audience: CLUSTER, sub, now: NOW, aws })
}

/** The reason of a refusal; `foreign` for a foreign token, and `granted` for none. */
export function reasonOf(outcome: Verified | Refusal | null): string {
  if (outcome === null) return 'foreign'
  return outcome instanceof Refusal ? outcome.reason : 'granted'
}
