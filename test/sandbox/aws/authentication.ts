import { AwsError } from './aws-error.ts'
import { ALGORITHM, type CredentialScope } from './string-to-sign.ts'
import type { WireRequest } from './wire.ts'

/** The signature fields of a signed request. Only their form is checked. */
export interface Authentication {
  readonly accessKeyId: string
  readonly scope: CredentialScope
  /** X-Amz-Date, `YYYYMMDD'T'HHMMSS'Z'`. */
  readonly date: string
  readonly signedHeaders: readonly string[]
  readonly sessionToken: string | undefined
  readonly signature: string
  /** The query string that is signed. */
  readonly query: string
}

/**
 * Parses the signature of a presigned query string or an Authorization header.
 *
 * @returns undefined for an unsigned request
 * @throws AwsError `IncompleteSignature` for a request that is signed in another form, twice, or ambiguously
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
 */
export function parseAuthentication(request: WireRequest): Authentication | undefined {
  const parameters = new URLSearchParams(request.query)
  const header = request.headers.get('authorization')
  const presigned = parameters.has('X-Amz-Algorithm') || parameters.has('X-Amz-Signature')
  if (presigned && header !== undefined) throw incomplete('only one authentication mechanism is allowed')
  if (presigned) return fromQuery(request, parameters)
  return header === undefined ? undefined : fromHeader(request, header)
}

function fromQuery(request: WireRequest, parameters: URLSearchParams): Authentication {
  const sessionTokens = parameters.getAll('X-Amz-Security-Token')
  if (sessionTokens.length > 1) throw incomplete('X-Amz-Security-Token has to be there once at most')
  checkAlgorithm(only(parameters, 'X-Amz-Algorithm'))
  return {
    ...parseCredential(only(parameters, 'X-Amz-Credential')),
    date: checkDate(only(parameters, 'X-Amz-Date')),
    signedHeaders: only(parameters, 'X-Amz-SignedHeaders').split(';'),
    sessionToken: sessionTokens[0],
    signature: only(parameters, 'X-Amz-Signature'),
    query: request.query
      .split('&')
      .filter((parameter) => !parameter.startsWith('X-Amz-Signature='))
      .join('&'),
  }
}

function fromHeader(request: WireRequest, header: string): Authentication {
  const [, algorithm = '', rest = ''] = /^(\S+) +(.*)$/.exec(header) ?? []
  checkAlgorithm(algorithm)
  const parameters = new URLSearchParams()
  for (const part of rest.split(/, */)) {
    const [name = '', ...value] = part.split('=')
    parameters.append(name, value.join('='))
  }
  return {
    ...parseCredential(only(parameters, 'Credential')),
    date: checkDate(request.headers.get('x-amz-date') ?? ''),
    signedHeaders: only(parameters, 'SignedHeaders').split(';'),
    sessionToken: request.headers.get('x-amz-security-token'),
    signature: only(parameters, 'Signature'),
    query: request.query,
  }
}

function only(parameters: URLSearchParams, name: string): string {
  const [value, ...others] = parameters.getAll(name)
  if (value === undefined || others.length > 0) throw incomplete(`${name} has to be there once`)
  return value
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm !== ALGORITHM) throw incomplete('unsupported algorithm')
}

function checkDate(date: string): string {
  if (!/^\d{8}T\d{6}Z$/.test(date)) throw incomplete('X-Amz-Date has to be YYYYMMDDTHHMMSSZ')
  return date
}

function parseCredential(credential: string): Pick<Authentication, 'accessKeyId' | 'scope'> {
  const [accessKeyId = '', day = '', region = '', service = '', terminator, ...others] = credential.split('/')
  if (terminator !== 'aws4_request' || others.length > 0) {
    throw incomplete('Credential has to be <access key id>/YYYYMMDD/<region>/<service>/aws4_request')
  }
  return { accessKeyId, scope: { day, region, service } }
}

function incomplete(message: string): AwsError {
  return new AwsError('IncompleteSignature', message)
}
