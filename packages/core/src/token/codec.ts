import { Refusal } from '../errors/reasons.ts'
import { ignoreCheck, type OnPassed } from './checks.ts'

const PREFIX = 'k8s-aws-v1.'

/** The longest token that is looked at, in bytes. Session tokens of large SAML and SSO sessions pass 4 KiB. */
export const MAX_TOKEN_LENGTH: number = 16 * 1024

const BASE64URL = /^[A-Za-z0-9_-]+$/

/** Whether it is worth asking if this bearer token is ours. Costs one comparison. */
export function hasTokenPrefix(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** Makes the bearer token of a presigned URL: a prefix, then the URL in base64url without padding (RFC 4648 section 5). */
export function encodeToken(presignedUrl: string): string {
  return PREFIX + Buffer.from(presignedUrl, 'latin1').toString('base64url')
}

/**
 * The bytes a token carries, one character for each byte, still unchecked.
 *
 * Only the canonical encoding is taken, so that a URL has one token and a token one URL.
 */
export function decodeToken(token: string, passed: OnPassed = ignoreCheck): string | Refusal {
  if (!hasTokenPrefix(token)) return new Refusal('malformed_token', `token is missing expected "${PREFIX}" prefix`)
  passed('prefix')
  if (token.length > MAX_TOKEN_LENGTH) {
    return new Refusal(
      'malformed_token',
      `token is too large: ${token.length} bytes, at most ${MAX_TOKEN_LENGTH} are taken`,
    )
  }
  passed('size')
  const encoded = token.slice(PREFIX.length)
  if (!BASE64URL.test(encoded)) return new Refusal('malformed_token', 'token is not base64url without padding')
  const bytes = Buffer.from(encoded, 'base64url')
  if (bytes.toString('base64url') !== encoded) {
    return new Refusal('malformed_token', 'token is not in the canonical form of base64url')
  }
  passed('encoding')
  return bytes.toString('latin1')
}
