import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import { readWebIdentity } from '@aws-iam-authenticator/core/identity/web-identity'
import { errors, jwtVerify, type CryptoKey, type JWTPayload } from 'jose'
import type { UnverifiedJwt } from './read-jwt.ts'

/** The longest life of a JWT, in seconds: that of AWS's own. */
const MAX_LIFE_SECONDS = 3_600
/** How far the clocks of AWS and of this server may be apart, in seconds. */
const SKEW_SECONDS = 60
/** The limit of audiences in a JWT: that of GetWebIdentityToken. */
const MAX_AUDIENCES = 10

/** What a JWT must prove. */
interface JwtPolicy {
  /** The claim `iss` must be equal to it. */
  readonly issuer: string
  /** The accounts whose principals may log in by this issuer. */
  readonly accounts: ReadonlySet<string>
  /** One of them must be in the claim `aud`. */
  readonly audiences: readonly string[]
  readonly partition: Partition
  readonly now: Date
}

/** A verified JWT. */
interface VerifiedJwt {
  readonly identity: Identity
  /** The time from which it is refused, in milliseconds since the epoch. */
  readonly refusedAt: number
}

function malformed(message: string): Refusal {
  return new Refusal('malformed_token', message)
}

/** The refusal for an error of jose. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new Refusal('bad_signature', 'the signature of the JWT is not by the key that its header names')
  }
  if (error instanceof errors.JWTExpired) return new Refusal('expired', 'the JWT has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') {
      return new Refusal('wrong_audience', 'the JWT is for another audience: it was made for another cluster')
    }
    if (error.claim === 'nbf' && error.reason === 'check_failed')
      return new Refusal('clock_ahead', 'the JWT is not valid yet')
    return malformed('a claim of the JWT is missing or does not have the form that AWS gives it')
  }
  return malformed('the JWT can not be verified')
}

/** Checks the forms that jose leaves open. */
function faultOfForms({ aud, exp, iat }: JWTPayload): Refusal | null {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const isList = audiences.length > 0 && audiences.length <= MAX_AUDIENCES
  if (!isList || !audiences.every((audience) => typeof audience === 'string' && audience !== '')) {
    return malformed('the claim aud is neither a text nor a list of texts')
  }
  if (![exp, iat].every((time) => typeof time === 'number' && Number.isFinite(time) && time >= 0)) {
    return malformed('the claims exp and iat are not both times')
  }
  return null
}

/** Checks the times that jose leaves open. */
function faultOfTimes(exp: number, iat: number, now: Date): Refusal | null {
  if (iat > now.getTime() / 1000 + SKEW_SECONDS) {
    return new Refusal('clock_ahead', `the JWT was signed more than ${SKEW_SECONDS} s ahead of this clock`)
  }
  if (exp <= iat || exp - iat > MAX_LIFE_SECONDS) {
    return malformed(`the JWT does not expire within ${MAX_LIFE_SECONDS} s of its signing`)
  }
  return null
}

/**
 * Verifies the signature and the claims of a JWT, and reads its principal.
 *
 * @param key The key that the issuer published for its `kid` and `alg`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8725 | RFC 8725, JSON Web Token Best Current Practices}
 */
export async function verifyJwt(
  token: string,
  { algorithm }: Pick<UnverifiedJwt, 'algorithm'>,
  key: CryptoKey,
  policy: JwtPolicy,
): Promise<VerifiedJwt | Refusal> {
  const { issuer, accounts, audiences, partition, now } = policy
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer,
      audience: [...audiences],
      clockTolerance: SKEW_SECONDS,
      currentDate: now,
      requiredClaims: ['sub', 'iat', 'exp'],
    })
    const formFault = faultOfForms(payload)
    if (formFault !== null) return formFault
    const { exp = 0, iat = 0 } = payload
    const timeFault = faultOfTimes(exp, iat, now)
    if (timeFault !== null) return timeFault
    const identity = readWebIdentity(payload)
    if (identity instanceof Refusal) return identity
    if (identity.arn.split(':')[1] !== partition.id) {
      return new Refusal('unsupported_identity', `the claim sub is not of the partition ${partition.id}`)
    }
    if (!accounts.has(identity.accountId)) {
      return new Refusal('untrusted_account', 'the account of the JWT is not in the accounts of its issuer')
    }
    return { identity, refusedAt: (exp + SKEW_SECONDS) * 1000 }
  } catch (error) {
    return refusalOf(error)
  }
}
