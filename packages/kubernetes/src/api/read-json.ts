/** Maximum size of an answer of the Kubernetes API, in bytes. A page of a list has up to 500 objects. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/**
 * Reads the body of an answer as JSON; null if it is not JSON.
 *
 * @throws {Error} The body is longer than 16 MiB.
 */
export async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return null
  }
}
