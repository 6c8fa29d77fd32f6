import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Dispatcher } from 'undici'

const LENGTH = /^\d{1,15}$/

/** Reads the text of an answer; null if it is longer than `maxBytes`. */
export async function readCapped(
  { headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>,
  maxBytes: number,
): Promise<string | null> {
  // With a content-length, as AWS sends it, the body can't be longer than that (RFC 9112, section 6.2).
  const length = headers['content-length']
  if (typeof length === 'string' && LENGTH.test(length) && Number(length) <= maxBytes) return body.text()
  const parts: AsyncIterable<Uint8Array> = body
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of parts) {
    size += chunk.byteLength
    if (size > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The message of undici for a proxy that refuses a tunnel. The error has no code or status of its own. */
const REFUSED_TUNNEL = /^Proxy response \((\d{3})\)/

/** Describes why a connection failed, by a code or a name. The message of undici is left out, because it may quote the request. */
export function describeFailure(error: unknown): string {
  const refused = error instanceof Error ? REFUSED_TUNNEL.exec(error.message)?.[1] : undefined
  if (refused !== undefined) return `the proxy answered ${refused}`
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  return code ?? (error instanceof Error ? error.name : messageOf(error))
}
