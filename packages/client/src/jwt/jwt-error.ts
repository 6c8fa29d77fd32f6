import type { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { CredentialsError } from '../aws/credentials-error.ts'
import { commonSdkError, serviceError, unknownSdkError } from '../credentials/sdk-error.ts'
import { stsTarget } from '../sts/endpoint-url.ts'
import type { JwtRequest } from './request-jwt.ts'

function denial({ credentials, audience }: JwtRequest, says: string): CredentialsError {
  const statement = {
    Effect: 'Allow',
    Action: 'sts:GetWebIdentityToken',
    Resource: '*',
    Condition: { 'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': [audience] } },
  }
  return new CredentialsError(
    'jwt_denied',
    `not allowed to get a JWT for audience "${audience}" with the credentials from ${credentials.source}: AWS says ` +
      `"${says}"; add to the IAM policies of that identity: ${JSON.stringify(statement)}`,
  )
}

function disabled({ credentials }: JwtRequest): CredentialsError {
  return new CredentialsError(
    'federation_disabled',
    `the account of the credentials from ${credentials.source} has not enabled outbound web identity federation: an ` +
      'administrator must run "aws iam enable-outbound-web-identity-federation" once',
  )
}

function tooLarge({ credentials }: JwtRequest): CredentialsError {
  return new CredentialsError(
    'jwt_too_large',
    `a JWT for the credentials from ${credentials.source} is too large for AWS, which puts the tags of the principal and ` +
      'of the session into it: remove tags',
  )
}

function notOffered({ context }: JwtRequest): CredentialsError {
  const { host } = stsTarget(context.environment, context.settings).url
  return new CredentialsError(
    'sts_rejected',
    `${host} does not offer GetWebIdentityToken (InvalidAction): name another region with --region, or use ` +
      '--token-type=presigned',
  )
}

/** The explanations by error code without `Exception`, which some codes of STS end in. */
const EXPLANATIONS: ReadonlyMap<string, (request: JwtRequest, says: string) => CredentialsError> = new Map([
  ['AccessDenied', denial],
  ['InvalidAction', notOffered],
  ['JWTPayloadSizeExceeded', tooLarge],
  ['OutboundWebIdentityFederationDisabled', disabled],
])

const SUFFIX = 'Exception'

/** The error code of an answer of STS, without `Exception`; undefined for any other error. */
export function shortCode(error: unknown): string | undefined {
  const code = serviceError(error)?.code
  return code?.endsWith(SUFFIX) === true ? code.slice(0, -SUFFIX.length) : code
}

/** Explains why AWS does not sign a JWT. */
export function jwtError(request: JwtRequest, error: unknown): AuthenticatorError {
  const { context, credentials } = request
  const known = EXPLANATIONS.get(shortCode(error) ?? '')?.(request, serviceError(error)?.message ?? '')
  return (
    known ??
    commonSdkError(error, credentials.source, context.http) ??
    unknownSdkError('sts_rejected', `cannot get a JWT with the credentials from ${credentials.source}`, error)
  )
}

/** The error for credentials that end too soon. `expiration` is absent if unknown. */
export function sessionTooShort(
  { credentials: { source, expiration } }: JwtRequest,
  minimumSeconds: number,
): CredentialsError {
  const end = expiration === undefined ? '' : ` at ${expiration.toISOString()}`
  return new CredentialsError(
    'session_too_short',
    `session too short: the credentials from ${source} expire${end} in less than ${minimumSeconds} s, which the shortest ` +
      'JWT lasts: renew them',
  )
}
