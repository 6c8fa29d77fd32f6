import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

/** The common name of the client certificate, if the connection has one that the listener's authority signed. */
export function clientCertificateName({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { CN } = socket.getPeerCertificate().subject
  return typeof CN === 'string' ? CN : undefined
}
