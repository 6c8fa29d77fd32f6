/** A JWT that AWS has signed. */
export interface Jwt {
  readonly token: string
  /** Its end, by AWS's clock. */
  readonly expiration: Date
}

/** Three parts of base64url (RFC 7515, compact serialization). */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/
/** Far more than AWS puts into a JWT, in characters. */
const MAX_LENGTH = 16_384

/** True if a text has the form of a JWT. Its signature is not checked. */
export function hasJwtForm(text: string): boolean {
  return text.length <= MAX_LENGTH && FORM.test(text)
}
