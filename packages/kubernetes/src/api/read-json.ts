import { parseJsonValue } from '@aws-iam-authenticator/core/untrusted'
import { readBody } from '@aws-iam-authenticator/network/read-body'

/** Maximum size of an answer of the Kubernetes API, in bytes. A page of a list has up to 500 objects. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/**
 * Reads the body of an answer as JSON; null if it is not JSON.
 *
 * @throws {Error} The body is longer than 16 MiB.
 */
export async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const read = await readBody(body, MAX_ANSWER_BYTES)
  if (read === undefined) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
  return parseJsonValue(read.toString()) ?? null
}
