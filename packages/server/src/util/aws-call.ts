import { messageOf } from '@aws-iam-authenticator/core/untrusted'

/** The message of undici for a proxy that refuses a tunnel. The error has no code or status of its own. */
const REFUSED_TUNNEL = /^Proxy response \((\d{3})\)/

/** Describes why a connection failed, by a code or a name. The message of undici is left out, because it may quote the request. */
export function describeFailure(error: unknown): string {
  const refused = error instanceof Error ? REFUSED_TUNNEL.exec(error.message)?.[1] : undefined
  if (refused !== undefined) return `the proxy answered ${refused}`
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  return code ?? (error instanceof Error ? error.name : messageOf(error))
}
