import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import type { Server, Socket } from 'node:net'

/** The time between two checks of open connections, in milliseconds. */
const CONNECTION_CHECK_MS = 5_000

/** Checks in a row that find a connection useless before it is closed: 10 s at least. One check alone may follow a paused process. */
const USELESS_CHECKS = 3

/** The time between two checks of pending bodies, in milliseconds. */
const BODY_CHECK_MS = 500

/** The limits of one listener. */
export interface ListenerLimits {
  /** Concurrent connections. The listener closes excess ones. */
  readonly connections: number
  /** Size of the headers of one request over HTTP/1.1, in bytes. */
  readonly headerBytes: number
  /** Time from the start of a connection to its first request, handshake and headers included, in milliseconds. */
  readonly firstRequestMs: number
  /** Time from the headers of a request to the end of its body, in milliseconds. */
  readonly bodyMs: number
  /** Time without any traffic on a connection of HTTP/2, in milliseconds. */
  readonly idleSessionMs: number
}

type AnyRequest = IncomingMessage | Http2ServerRequest

/** The sender of a request: one connection. */
export interface Client {
  readonly address: string
  /** Address and port, as the log shows them. */
  readonly name: string
}

/** The connections of a listener. */
export interface Connections {
  readonly clientOf: (request: AnyRequest) => Client
  /** The names of the clients that are connected. */
  readonly names: () => ReadonlySet<string>
  /** Closes every connection at once. */
  readonly destroy: () => void
}

interface Connection {
  readonly socket: Socket
  /** Closes the connection unless a first request comes. */
  readonly first: NodeJS.Timeout
  /** Null with HTTP/1.1. */
  session: ServerHttp2Session | null
  /** Requests so far, and at the last check. */
  requests: number
  requestsBefore: number
  unanswered: number
  awaitsPong: boolean
  /** Checks in a row that found it useless. */
  useless: number
}

type TrackedClient = Client & { readonly connection: Connection | undefined }

/** Identifies a connection. With HTTP/2, the socket of a session is another object than the accepted one, with the same addresses. */
function nameOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}

/**
 * Detects stalled connections. With HTTP/1.1 that includes idle ones: Node.js closes them after a few seconds, but Bun never does. With
 * HTTP/2 a client may be idle. A client in the middle of headers, even endless ones, can't answer a PING, but an idle one does.
 */
function check(connection: Connection): void {
  const { session, socket, requests, unanswered } = connection
  const isQuiet = requests > 0 && requests === connection.requestsBefore
  connection.requestsBefore = requests
  const isUseless = isQuiet && (session === null ? unanswered === 0 : connection.awaitsPong)
  connection.useless = isUseless ? connection.useless + 1 : 0
  if (connection.useless === USELESS_CHECKS) {
    socket.destroy()
  } else if (isQuiet && session?.destroyed === false && !connection.awaitsPong) {
    connection.awaitsPong = true
    session.ping(() => (connection.awaitsPong = false))
  }
}

function limitConnections(server: Server, { firstRequestMs, idleSessionMs }: ListenerLimits): Map<string, Connection> {
  const connections = new Map<string, Connection>()
  server.on('connection', (socket: Socket) => {
    // The client has disconnected already.
    if (socket.remotePort === undefined) {
      socket.destroy()
      return
    }
    const name = nameOf(socket)
    const first = setTimeout(() => socket.destroy(), firstRequestMs).unref()
    const started = { requests: 0, requestsBefore: 0, unanswered: 0, awaitsPong: false, useless: 0 }
    const connection = { socket, first, session: null, ...started }
    connections.set(name, connection)
    socket.once('close', () => {
      clearTimeout(first)
      if (connections.get(name) === connection) connections.delete(name)
    })
  })
  server.on('session', (session: ServerHttp2Session) => {
    const connection = session.socket === undefined ? undefined : connections.get(nameOf(session.socket))
    if (connection !== undefined) connection.session = session
    session.setTimeout(idleSessionMs, () => session.close())
  })
  const checks = setInterval(() => connections.forEach(check), CONNECTION_CHECK_MS).unref()
  server.once('close', () => clearInterval(checks))
  return connections
}

/** Finds the client of a request. It reads the addresses of a socket once per connection, because that is expensive. */
function createClients(connections: ReadonlyMap<string, Connection>): (request: AnyRequest) => TrackedClient {
  const clients = new WeakMap<object, TrackedClient>()
  return (request) => {
    const key = 'stream' in request ? (request.stream.session ?? request) : request.socket
    const known = clients.get(key)
    if (known !== undefined) return known
    const name = nameOf(request.socket)
    const client = { address: request.socket.remoteAddress ?? '', name, connection: connections.get(name) }
    clients.set(key, client)
    return client
  }
}

/**
 * Aborts requests whose bodies don't end, by closing the connection or, with HTTP/2, the stream. One timer checks all: a timer for each
 * request would slow down every login.
 *
 * @returns The requests whose bodies are pending, with the time by `performance.now()` at which they began.
 */
function limitBodies(server: Server, { bodyMs }: ListenerLimits): Map<AnyRequest, number> {
  const pending = new Map<AnyRequest, number>()
  const checks = setInterval(() => {
    const latest = performance.now() - bodyMs
    // In order of arrival.
    for (const [request, at] of pending) {
      if (at > latest) break
      pending.delete(request)
      // `request.destroy()` would leave an HTTP/2 stream open. Without an error, Bun sends a frame that closes the client's connection.
      if ('stream' in request) request.stream.destroy(new Error('the body did not end in time'))
      else request.destroy()
    }
  }, BODY_CHECK_MS).unref()
  server.once('close', () => clearInterval(checks))
  return pending
}

/**
 * Applies limits to a listener. The options of the runtimes are not enough: Bun ignores
 * `headersTimeout`, `requestTimeout` and `keepAliveTimeout` for HTTP/1.1 over TLS, and neither runtime limits HTTP/2 in time.
 */
export function applyLimits(server: Server, limits: ListenerLimits): Connections {
  server.maxConnections = limits.connections
  const connections = limitConnections(server, limits)
  const clientOf = createClients(connections)
  const pending = limitBodies(server, limits)
  server.on('request', (request: AnyRequest, response: ServerResponse | Http2ServerResponse) => {
    const { connection } = clientOf(request)
    if (connection !== undefined) {
      clearTimeout(connection.first)
      connection.requests += 1
      connection.unanswered += 1
    }
    pending.set(request, performance.now())
    request.once('end', () => pending.delete(request))
    response.once('close', () => {
      pending.delete(request)
      if (connection !== undefined) connection.unanswered -= 1
    })
  })
  return {
    clientOf,
    names: () => new Set(connections.keys()),
    destroy: () => {
      for (const { socket } of connections.values()) socket.destroy()
    },
  }
}
