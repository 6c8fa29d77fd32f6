import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Dispatcher } from 'undici'

const LENGTH = /^\d{1,15}$/

/** The text of an answer; null where it is longer than that. */
export async function readCapped(
  { headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>,
  maxBytes: number,
): Promise<string | null> {
  // Where the length is told beforehand, as AWS does, no more than that is taken for the body (RFC 9112, section 6.2).
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

/** What undici says of a proxy that opens no tunnel; it has no code for that. */
const REFUSED_TUNNEL = /^Proxy response \((\d{3})\)/

/** What a connection died of: a code or a name, for an undici message may quote the request. */
export function describeFailure(error: unknown): string {
  const refused = error instanceof Error ? REFUSED_TUNNEL.exec(error.message)?.[1] : undefined
  if (refused !== undefined) return `the proxy answered ${refused}`
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  return code ?? (error instanceof Error ? error.name : messageOf(error))
}
