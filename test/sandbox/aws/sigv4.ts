import type { Authentication } from './authentication.ts'
import { AwsError } from './aws-error.ts'
import { canonicalRequest, sha256Hex } from './canonical-request.ts'
import { signature, signingKey } from './signing-key.ts'
import { stringToSign } from './string-to-sign.ts'
import type { WireRequest } from './wire.ts'

const MAX_AGE_MINUTES = 15
const MAX_AHEAD_MINUTES = 5

/** The inputs for the check of a signature. */
export interface Judge {
  readonly secretAccessKey: string
  /** The region and service that received the request. */
  readonly region: string
  readonly service: string
  readonly now: Date
}

/**
 * Verifies a Signature Version 4, in either form, as STS does: it is valid for 15 minutes from X-Amz-Date whatever
 * X-Amz-Expires is, and from 5 minutes before it.
 *
 * @throws AwsError `SignatureDoesNotMatch` or `IncompleteSignature`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(request: WireRequest, authentication: Authentication, judge: Judge): void {
  checkScope(authentication, judge)
  checkTime(authentication.date, judge.now)
  checkSignedHeaders(request, authentication.signedHeaders)
  const expected = signature(
    signingKey(judge.secretAccessKey, authentication.scope),
    stringToSign(authentication.date, authentication.scope, canonical(request, authentication)),
  )
  if (expected !== authentication.signature) {
    throw mismatch(
      'The request signature we calculated does not match the signature you provided. ' +
        'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  }
}

function checkScope({ scope, date }: Authentication, judge: Judge): void {
  if (scope.region !== judge.region) throw mismatch('Credential should be scoped to a valid region.')
  if (scope.service !== judge.service) {
    throw mismatch(`Credential should be scoped to correct service: '${judge.service}'.`)
  }
  if (scope.day !== date.slice(0, 8)) {
    throw mismatch('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP')
  }
}

function checkTime(date: string, now: Date): void {
  const signed = Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'))
  if (Number.isNaN(signed)) throw new AwsError('IncompleteSignature', 'X-Amz-Date is not a time')
  const earliest = addMinutes(now, -MAX_AGE_MINUTES)
  const latest = addMinutes(now, MAX_AHEAD_MINUTES)
  if (signed < earliest.getTime()) {
    const limit = `${amzDate(earliest)} (${amzDate(now)} - ${MAX_AGE_MINUTES} min.)`
    throw mismatch(`Signature expired: ${date} is now earlier than ${limit}`)
  }
  if (signed > latest.getTime()) {
    const limit = `${amzDate(latest)} (${amzDate(now)} + ${MAX_AHEAD_MINUTES} min.)`
    throw mismatch(`Signature not yet current: ${date} is still later than ${limit}`)
  }
}

function checkSignedHeaders(request: WireRequest, signedHeaders: readonly string[]): void {
  const names = signedHeaders.map((name) => name.toLowerCase())
  if (!names.includes('host')) throw mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")
  const missing = names.filter((name) => !request.headers.has(name))
  if (missing.length > 0) throw mismatch(`The signed headers ${missing.join(', ')} are not in the request.`)
}

function canonical(request: WireRequest, { query, signedHeaders }: Authentication): string {
  const { method, path, headers, body } = request
  try {
    return canonicalRequest({ method, path, query, headers, signedHeaders, payloadHash: sha256Hex(body) })
  } catch (error) {
    if (error instanceof URIError) throw new AwsError('IncompleteSignature', 'the query is not percent-encoded')
    throw error
  }
}

/** A time in the format of X-Amz-Date. */
export function amzDate(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[:-]/g, '')}Z`
}

function addMinutes(time: Date, minutes: number): Date {
  return new Date(time.getTime() + minutes * 60_000)
}

function mismatch(message: string): AwsError {
  return new AwsError('SignatureDoesNotMatch', message)
}
