import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { clockDifference, isClockOff } from '../aws/clock.ts'
import { CredentialsError, notFromAws, type CredentialsErrorCode } from '../aws/credentials-error.ts'
import { NoStsAnswer } from '../sts/refusal.ts'
import type { AwsHttpHandler } from '../aws/http-handler.ts'

const MAX_MESSAGE_LENGTH = 500

const THROTTLED = new Set(['Throttling', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded'])
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException'])

const OF_TIME = new Set(['RequestExpired', 'RequestInTheFuture', 'RequestTimeTooSkewed'])
// A wrong secret has the same code but another message.
const SIGNATURE_OF_TIME = /Signature (expired|not yet current)/i

// The SDK's messages for an answer that is not in the protocol of the service. Its SSO provider wraps errors and keeps only their text.
const NOT_AWS = /parse error|Deserialization|^Unknown$/

/** An error in an answer of AWS. */
interface ServiceError {
  /** The error code, such as `AccessDenied`. */
  readonly code: string
  readonly message: string
  /** True if AWS reports a fault of its own. */
  readonly serverFault: boolean
}

/** Shortens text from elsewhere to one line of at most 500 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)}…` : line
}

/** Reads the error in an answer of AWS; undefined for any other error. */
export function serviceError(error: unknown): ServiceError | undefined {
  if (!(error instanceof Error) || !('$fault' in error)) return undefined
  return { code: error.name, message: oneLine(error.message), serverFault: error.$fault === 'server' }
}

/**
 * Explains the errors that any call to AWS can fail with; undefined for others.
 *
 * Never keeps an SDK error as the `cause`, because it holds the HTTP response.
 */
export function commonSdkError(error: unknown, source: string, http: AwsHttpHandler): AuthenticatorError | undefined {
  if (error instanceof AuthenticatorError) return error
  if (http.failure !== undefined) return http.failure
  if (error instanceof NoStsAnswer || (error instanceof Error && NOT_AWS.test(error.message))) return notFromAws()
  const answer = serviceError(error)
  if (answer === undefined) return undefined
  if (THROTTLED.has(answer.code)) {
    return new CredentialsError('sts_throttled', `AWS is throttling requests (${answer.code}): try again in a moment`)
  }
  if (answer.serverFault) {
    return new CredentialsError('sts_unreachable', `AWS can't answer now (${answer.code}): try again in a moment`)
  }
  const isOfTime = OF_TIME.has(answer.code) || SIGNATURE_OF_TIME.test(answer.message)
  if (isOfTime && isClockOff(http.clockOffset)) {
    return new CredentialsError(
      'clock_off',
      `the clock of this machine is ${clockDifference(http.clockOffset)}, so that AWS refuses what it signs ` +
        `(${answer.code}): set the clock`,
    )
  }
  if (EXPIRED.has(answer.code)) {
    return new CredentialsError('expired_credentials', `the credentials from ${source} have expired: renew them`)
  }
  if (answer.code === 'InvalidClientTokenId') {
    return new CredentialsError(
      'sts_rejected',
      `AWS does not know the access key from ${source} (${answer.code}): it was deleted or deactivated, or belongs to ` +
        'another partition than the region: use a key that is active there',
    )
  }
  if (answer.code === 'SignatureDoesNotMatch') {
    return new CredentialsError(
      'sts_rejected',
      `AWS refuses the signature made with the credentials from ${source} (${answer.code}): check the secret access ` +
        'key, and the clock of this machine',
    )
  }
  return undefined
}

/** Wraps an SDK error that has no better explanation. */
export function unknownSdkError(code: CredentialsErrorCode, doing: string, error: unknown): CredentialsError {
  const answer = serviceError(error)
  if (answer !== undefined)
    return new CredentialsError(code, `${doing}: AWS answered ${answer.code}: ${answer.message}`)
  return new CredentialsError(code, `${doing}: ${oneLine(messageOf(error))}`)
}
