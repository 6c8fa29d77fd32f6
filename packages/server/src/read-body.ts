import { Refusal } from '@aws-iam-authenticator/core'
import type { Http2ServerRequest } from 'node:http2'
import { EXPECTED_TOKEN_REVIEW } from './token-review.ts'

/** Larger than any TokenReview: a token has 16 KiB at most. */
const MAX_BODY_BYTES = 1024 * 1024

/** A body that is longer than a TokenReview may be. */
export const TOO_LONG: Refusal = new Refusal(
  'malformed_request',
  `${EXPECTED_TOKEN_REVIEW}: it is longer than ${MAX_BODY_BYTES} bytes`,
)

const INCOMPLETE = new Refusal(
  'malformed_request',
  `${EXPECTED_TOKEN_REVIEW}: its length is not what content-length says`,
)

/**
 * Reads the body of a request as UTF-8, whatever its content type.
 *
 * @param done Called once; not at all where the client goes away before.
 */
export function readBody(request: Http2ServerRequest, done: (body: string | Refusal) => void): void {
  const { 'content-length': told } = request.headers
  const expected = told === undefined ? null : Number(told)
  if (expected !== null && expected > MAX_BODY_BYTES) return done(TOO_LONG)
  const chunks: Buffer[] = []
  let length = 0
  const take = (chunk: Buffer): void => {
    length += chunk.length
    chunks.push(chunk)
    if (length <= MAX_BODY_BYTES) return
    request.off('data', take)
    request.off('end', end)
    done(TOO_LONG)
  }
  const end = (): void => {
    // A stream of HTTP/2 that is reset seems to come to its end.
    if (request.aborted) return
    if (expected !== null && expected !== length) return done(INCOMPLETE)
    const [first] = chunks
    const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
    done(whole.toString('utf8'))
  }
  request.on('data', take)
  request.on('end', end)
}
