import type { WebIdentitySettings } from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import { Refusal, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { readJwt } from '@aws-iam-authenticator/server/jwt/read-jwt'
import { verifyJwtToken } from '../verify/verify-jwt.ts'
import type { VerifyTokenOptions } from '../verify/verify-token.ts'
import type { CheckedToken } from './check-token.ts'
import type { Check } from './explanation.ts'

/** The checks of a JWT, in order. */
const JWT_CHECKS = ['jwt_form', 'issuer', 'signing_key', 'signature', 'claims'] as const

export type JwtCheck = (typeof JWT_CHECKS)[number]

/** The check that fails with a reason. With any other reason it is that of the claims. */
const FAILED_CHECK: Partial<Readonly<Record<ReasonCode, JwtCheck>>> = {
  untrusted_issuer: 'issuer',
  keys_unavailable: 'signing_key',
  unknown_signing_key: 'signing_key',
  bad_signature: 'signature',
}

const PASSED: Readonly<Record<JwtCheck, string>> = {
  jwt_form: 'three segments, RS256 or ES384, each key once',
  issuer: 'is in server.webIdentity.issuers',
  signing_key: 'is published by the issuer',
  signature: 'is made by that key',
  claims: 'audience, times, account and principal are right',
}

function resultsUpTo(failed: JwtCheck | null, detail: string): readonly Check[] {
  const at = failed === null ? JWT_CHECKS.length : JWT_CHECKS.indexOf(failed)
  return JWT_CHECKS.map((check, index): Check => {
    if (index < at) return { check, outcome: 'passed', detail: PASSED[check] }
    return index === at ? { check, outcome: 'failed', detail } : { check, outcome: 'not_reached', detail: '' }
  })
}

function refusedAt(check: JwtCheck, refusal: Refusal): CheckedToken {
  return { checks: resultsUpTo(check, refusal.message), caller: null, refusal }
}

/** Checks an AWS-signed JWT as the server does, with the keys that its issuer publishes now. */
export async function checkJwt(
  token: string,
  settings: WebIdentitySettings | null,
  options: VerifyTokenOptions,
): Promise<CheckedToken> {
  const jwt = readJwt(token)
  if (jwt instanceof Refusal) return refusedAt('jwt_form', jwt)
  if (settings === null) {
    return refusedAt('issuer', new Refusal('malformed_token', 'the server has no server.webIdentity and takes no JWT'))
  }
  const verified = await verifyJwtToken(token, { ...options, settings })
  if (verified === null) return refusedAt('issuer', new Refusal('malformed_token', 'this is a token of another kind'))
  if (!(verified instanceof Refusal)) {
    const caller = { identity: verified.identity, hasSessionName: true, hasUserId: true }
    return { checks: resultsUpTo(null, ''), caller, refusal: null }
  }
  return refusedAt(FAILED_CHECK[verified.reason] ?? 'claims', verified)
}
