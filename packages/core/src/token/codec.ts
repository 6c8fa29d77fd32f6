import { Refusal } from '../errors/reasons.ts'
import { ignoreCheck, type OnPassed } from './checks.ts'

const PREFIX = 'k8s-aws-v1.'

/** The maximum length of a token, in bytes. Session tokens of large SAML and SSO sessions exceed 4 KiB. */
export const MAX_TOKEN_LENGTH: number = 16 * 1024

const BASE64URL = /^[A-Za-z0-9_-]+$/

/** Returns whether a bearer token has the prefix of this product. Other tokens are foreign. */
export function hasTokenPrefix(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** Encodes a presigned URL as a bearer token: a prefix, then the URL in base64url without padding (RFC 4648 section 5). */
export function encodeToken(presignedUrl: string): string {
  return PREFIX + Buffer.from(presignedUrl, 'latin1').toString('base64url')
}

/**
 * Decodes a token into its bytes, one character for each byte. The bytes are not checked.
 *
 * Only the canonical encoding is accepted, so that tokens and URLs correspond one to one.
 */
export function decodeToken(token: string, onPassed: OnPassed = ignoreCheck): string | Refusal {
  if (!hasTokenPrefix(token)) return new Refusal('malformed_token', `token is missing expected "${PREFIX}" prefix`)
  onPassed('prefix')
  if (token.length > MAX_TOKEN_LENGTH) {
    return new Refusal(
      'malformed_token',
      `token is too large: ${token.length} bytes, at most ${MAX_TOKEN_LENGTH} are taken`,
    )
  }
  onPassed('size')
  const encoded = token.slice(PREFIX.length)
  if (!BASE64URL.test(encoded)) return new Refusal('malformed_token', 'token is not base64url without padding')
  const bytes = Buffer.from(encoded, 'base64url')
  if (bytes.toString('base64url') !== encoded) {
    return new Refusal('malformed_token', 'token is not in the canonical form of base64url')
  }
  onPassed('encoding')
  return bytes.toString('latin1')
}
