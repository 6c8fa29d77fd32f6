import type { Http2SecureServer, SecureServerOptions } from 'node:http2'
import type { Socket } from 'node:net'

/** How long a connection may take to its first request: the handshake and the headers. In milliseconds. */
const FIRST_REQUEST_MS = 10_000

/** How long the body of a request may take to come, in milliseconds. */
export const BODY_MS = 10_000

/** Connections at one time. An API server has a few. */
const MAX_CONNECTIONS = 4_096

/** What a client of HTTP/2 may have under way on one connection, and how long its headers may be, in bytes. */
export const HTTP2_LIMITS: Pick<SecureServerOptions, 'maxSessionMemory' | 'settings'> = {
  maxSessionMemory: 8,
  settings: { maxConcurrentStreams: 1_000, maxHeaderListSize: 32 * 1024 },
}

/**
 * Cuts connections that do not come to the point: no handshake, or no request after it. Done here and not by the options of
 * the runtimes, which do not agree on them.
 *
 * @returns Tells that a request has come on the connection with that port of the client.
 */
export function limitConnections(server: Http2SecureServer): (clientPort: number | undefined) => void {
  let open = 0
  const waiting = new Map<number, NodeJS.Timeout>()
  const spare = (port: number | undefined): void => {
    if (port === undefined) return
    clearTimeout(waiting.get(port))
    waiting.delete(port)
  }
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
    if (open > MAX_CONNECTIONS) socket.destroy()
    const { remotePort: port } = socket
    if (port === undefined) return
    waiting.set(port, setTimeout(() => socket.destroy(), FIRST_REQUEST_MS).unref())
    socket.once('close', () => spare(port))
  })
  return spare
}
