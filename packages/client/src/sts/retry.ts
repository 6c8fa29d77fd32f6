import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { SharedConfig } from '../aws/shared-config.ts'
import { NoStsAnswer, StsRefusal } from './refusal.ts'

const ATTEMPTS = 3
const LONGEST_DELAY_MS = 20_000

interface Kind {
  readonly codes: ReadonlySet<string>
  readonly statusCodes: ReadonlySet<number>
  /** The maximum pause after the first attempt, in milliseconds. It doubles with each attempt. */
  readonly delayMs: number
}

// The rules of all AWS SDKs: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
const THROTTLED: Kind = {
  codes: new Set([
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
  ]),
  statusCodes: new Set([429]),
  delayMs: 1000,
}
const TRANSIENT: Kind = {
  codes: new Set([
    'RequestTimeout',
    'RequestTimeoutException',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EPIPE',
    'ETIMEDOUT',
  ]),
  statusCodes: new Set([500, 502, 503, 504]),
  delayMs: 50,
}

/** The number of attempts for a call, including the first. */
export function maxAttempts(environment: Environment, { profile }: SharedConfig): number {
  const fromEnvironment = firstSet(environment, 'AWS_MAX_ATTEMPTS')?.value
  const value = fromEnvironment ?? profile.settings.get('max_attempts')
  if (value === undefined) return ATTEMPTS
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value)
  const where = fromEnvironment === undefined ? `max_attempts of profile "${profile.name}"` : 'AWS_MAX_ATTEMPTS'
  throw new CredentialsError('invalid_settings', `${where} is "${value}": it may be a whole number`)
}

function codesOf(error: unknown): readonly string[] {
  if (error instanceof StsRefusal) return [error.name]
  if (!(error instanceof Error)) return []
  return [errorCode(error) ?? [], codesOf(error.cause)].flat()
}

/**
 * The pause before a retry, in milliseconds; undefined if a retry is pointless.
 *
 * @param attempt The number of the failed attempt, starting at 1.
 */
export function retryDelay(error: unknown, attempt: number, random: () => number = Math.random): number | undefined {
  const statusCode = error instanceof StsRefusal || error instanceof NoStsAnswer ? error.statusCode : 0
  const codes = codesOf(error)
  const kind = [THROTTLED, TRANSIENT].find((candidate) => {
    return candidate.statusCodes.has(statusCode) || codes.some((code) => candidate.codes.has(code))
  })
  return kind && Math.floor(random() * Math.min(kind.delayMs * 2 ** (attempt - 1), LONGEST_DELAY_MS))
}
