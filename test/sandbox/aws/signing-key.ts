import { createHmac } from 'node:crypto'
import type { CredentialScope } from './string-to-sign.ts'

/**
 * Step 4 of Signature Version 4: a key for one day, region and service.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#derive-signing-key
 */
export function signingKey(secretAccessKey: string, { day, region, service }: CredentialScope): Buffer {
  return [day, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`))
}

/** Step 5: the signature, lower-case hexadecimal. */
export function signature(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
