import { sha256Hex } from './canonical-request.ts'

/** The one algorithm the sandbox knows. */
export const ALGORITHM: string = 'AWS4-HMAC-SHA256'

/** What a signature is limited to. */
export interface CredentialScope {
  /** UTC, `YYYYMMDD`. */
  readonly day: string
  readonly region: string
  readonly service: string
}

/** `<day>/<region>/<service>/aws4_request`. */
export function scopeText({ day, region, service }: CredentialScope): string {
  return `${day}/${region}/${service}/aws4_request`
}

/**
 * Steps 2 and 3 of Signature Version 4: the canonical request's hash with its time and scope.
 *
 * @param date - X-Amz-Date, `YYYYMMDD'T'HHMMSS'Z'`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-string-to-sign
 */
export function stringToSign(date: string, scope: CredentialScope, canonical: string): string {
  return [ALGORITHM, date, scopeText(scope), sha256Hex(canonical)].join('\n')
}
