import { sha256Hex } from './canonical-request.ts'

/** The only algorithm of the sandbox. */
export const ALGORITHM: string = 'AWS4-HMAC-SHA256'

/** The scope of a signature. */
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
 * Steps 2 and 3 of Signature Version 4: the hash of the canonical request with its time and scope.
 *
 * @param date - X-Amz-Date, `YYYYMMDD'T'HHMMSS'Z'`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-string-to-sign
 */
export function stringToSign(date: string, scope: CredentialScope, canonical: string): string {
  return [ALGORITHM, date, scopeText(scope), sha256Hex(canonical)].join('\n')
}
