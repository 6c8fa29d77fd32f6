import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { hasJwtForm, type Jwt } from '../aws/jwt.ts'
import { callSts } from '../sts/call.ts'
import { NoStsAnswer } from '../sts/refusal.ts'
import { jwtError, sessionTooShort, shortCode } from './jwt-error.ts'
import { checkRegionalEndpoint } from './regional-endpoint.ts'

/** The algorithms that AWS signs JWTs with. */
export type SigningAlgorithm = 'ES384' | 'RS256'

/** A JWT to ask AWS for. */
export interface JwtRequest {
  readonly context: Pick<CredentialContext, 'environment' | 'settings' | 'http'>
  /** The credentials that the JWT is about. */
  readonly credentials: Credentials
  readonly audience: string
  readonly algorithm: SigningAlgorithm
  /** This machine's clock. */
  readonly now: () => Date
}

/** The lifetime of a JWT in seconds: that of a presigned token. */
const LIFETIME_SECONDS = 900
/** The shortest lifetime that AWS accepts, in seconds. */
const MINIMUM_SECONDS = 60
/** Time for the request, in seconds: a JWT must not outlive the credentials. */
const LATENCY_SECONDS = 5

/** The lifetime to ask for. */
function lifetime(request: JwtRequest): number {
  const { context, credentials, now } = request
  const { expiration } = credentials
  if (expiration === undefined) return LIFETIME_SECONDS
  const left = Math.floor((expiration.getTime() - now().getTime() - context.http.clockOffset) / 1000)
  if (left < MINIMUM_SECONDS) throw sessionTooShort(request, MINIMUM_SECONDS)
  return Math.min(LIFETIME_SECONDS, Math.max(MINIMUM_SECONDS, left - LATENCY_SECONDS))
}

async function call(request: JwtRequest, seconds: number): Promise<Jwt> {
  const { context, credentials, audience, algorithm } = request
  const result = await callSts({
    context,
    credentials,
    action: 'GetWebIdentityToken',
    parameters: {
      'Audience.member.1': audience,
      DurationSeconds: String(seconds),
      SigningAlgorithm: algorithm,
    },
  })
  const token = result.get('WebIdentityToken') ?? ''
  const expiration = new Date(result.get('Expiration') ?? '')
  if (!hasJwtForm(token) || Number.isNaN(expiration.getTime())) throw new NoStsAnswer(200)
  return { token, expiration }
}

/**
 * Asks AWS for a JWT about these credentials, for one audience. It lasts 15 minutes, or as long as the credentials. If their
 * end is not known and AWS says that it comes sooner, asks again for half the time.
 *
 * @throws {CredentialsError} `federation_disabled`, `jwt_denied`, `jwt_too_large`, `session_too_short`, `global_endpoint`,
 *   `expired_credentials`, `sts_rejected`, `sts_throttled`, `sts_unreachable`, `untrusted_certificate`, `clock_off`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
 */
export async function requestJwt(request: JwtRequest): Promise<Jwt> {
  checkRegionalEndpoint(request.context)
  let seconds = lifetime(request)
  for (;;) {
    try {
      return await call(request, seconds)
    } catch (error) {
      if (shortCode(error) !== 'SessionDurationEscalation') throw jwtError(request, error)
      if (seconds === MINIMUM_SECONDS) throw sessionTooShort(request, MINIMUM_SECONDS)
      seconds = Math.max(MINIMUM_SECONDS, Math.floor(seconds / 2))
    }
  }
}
