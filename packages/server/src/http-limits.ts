import type { Http2SecureServer, Http2ServerRequest, SecureServerOptions, ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

/** How long a connection may take to its first request: the handshake and the headers. In milliseconds. */
const FIRST_REQUEST_MS = 10_000

/** How often the connections are looked at, in milliseconds. */
const LOOK_EVERY_MS = 5_000

/** In so many looks in a row a connection must seem useless, 10 s at least: one alone may be this process that stood still. */
const USELESS_LOOKS = 3

/** How long the body of a request may take to come, in milliseconds. */
const BODY_MS = 10_000

/** How often bodies are looked at, in milliseconds. */
const BODIES_EVERY_MS = 500

/** Connections at one time. An API server has a few. */
const MAX_CONNECTIONS = 4_096

/** What a client of HTTP/2 may have under way on one connection, and how long its headers may be, in bytes. */
export const HTTP2_LIMITS: Pick<SecureServerOptions, 'maxSessionMemory' | 'settings'> = {
  maxSessionMemory: 8,
  settings: { maxConcurrentStreams: 1_000, maxHeaderListSize: 32 * 1024 },
}

/** Who has sent a request. */
export interface Client {
  readonly address: string
  /** Address and port, as the log shows them. */
  readonly name: string
  /** A request of his has come. */
  begin(): void
  /** It is answered, or nobody waits for it any more. */
  end(): void
}

interface Connection {
  readonly socket: Socket
  /** Cuts it where no first request comes. */
  readonly first: NodeJS.Timeout
  /** Only of HTTP/2. */
  session: ServerHttp2Session | null
  /** Requests so far, and at the last look. */
  requests: number
  requestsBefore: number
  unanswered: number
  awaitsPong: boolean
  /** Looks in a row at which it seemed to be of no use. */
  useless: number
}

/** The socket of HTTP/2 is not the one that was accepted, but has the same addresses. */
function nameOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}

/**
 * Looks whether a client is amid a request that does not come to its end. With HTTP/1.1 it need not even have begun: one runtime
 * ends idle connections after a few seconds, the other never does. With HTTP/2 clients may rest; but whoever is amid headers, be
 * they endless, can't answer a PING, and everybody else does.
 */
function look(connection: Connection): void {
  const { session, socket, requests, unanswered } = connection
  const isQuiet = requests > 0 && requests === connection.requestsBefore
  connection.requestsBefore = requests
  const isUseless = isQuiet && (session === null ? unanswered === 0 : connection.awaitsPong)
  connection.useless = isUseless ? connection.useless + 1 : 0
  if (connection.useless === USELESS_LOOKS) {
    socket.destroy()
  } else if (isQuiet && session?.destroyed === false && !connection.awaitsPong) {
    connection.awaitsPong = true
    session.ping(() => (connection.awaitsPong = false))
  }
}

/**
 * Cuts connections that do not come to the point: no handshake, no request after it, a later one that is begun and does not end,
 * and over HTTP/1.1 none any more. Done here and not by the options of the runtimes, which do not agree on them.
 *
 * @returns Finds the client of a request, which is to be told of its begin and its end.
 */
export function limitConnections(server: Http2SecureServer): (request: Http2ServerRequest) => Client {
  let open = 0
  const connections = new Map<string, Connection>()
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
    if (open > MAX_CONNECTIONS) socket.destroy()
    if (socket.remotePort === undefined) return
    const name = nameOf(socket)
    const first = setTimeout(() => socket.destroy(), FIRST_REQUEST_MS).unref()
    const started = { requests: 0, requestsBefore: 0, unanswered: 0, awaitsPong: false, useless: 0 }
    const connection = { socket, first, session: null, ...started }
    connections.set(name, connection)
    socket.once('close', () => {
      clearTimeout(first)
      if (connections.get(name) === connection) connections.delete(name)
    })
  })
  server.on('session', (session) => {
    const connection = session.socket === undefined ? undefined : connections.get(nameOf(session.socket))
    if (connection !== undefined) connection.session = session
  })
  const looks = setInterval(() => connections.forEach(look), LOOK_EVERY_MS).unref()
  server.once('close', () => clearInterval(looks))
  const clientOf = (socket: Socket): Client => {
    const name = nameOf(socket)
    const connection = connections.get(name)
    return {
      address: socket.remoteAddress ?? '',
      name,
      begin: () => {
        if (connection === undefined) return
        clearTimeout(connection.first)
        connection.requests += 1
        connection.unanswered += 1
      },
      end: () => {
        if (connection !== undefined) connection.unanswered -= 1
      },
    }
  }
  // To ask a socket for its addresses is dear, and a connection has many requests.
  const clients = new WeakMap<object, Client>()
  return (request) => {
    const key = request.httpVersionMajor === 2 ? (request.stream.session ?? request) : request.socket
    const known = clients.get(key)
    if (known !== undefined) return known
    const client = clientOf(request.socket)
    clients.set(key, client)
    return client
  }
}

/** Requests whose bodies are on their way. */
export interface Bodies {
  begin(request: Destroyable): void
  /** The body is there, or nobody waits for it any more. */
  end(request: Destroyable): void
}

interface Destroyable {
  destroy(): unknown
}

/**
 * Cuts requests whose bodies do not end: the connection, or the one stream of it. They are not waited for, nor told about. All
 * are looked at together, for a timer for each would be a part of what every login costs.
 */
export function limitBodies(server: Http2SecureServer): Bodies {
  const begun = new Map<Destroyable, number>()
  const looks = setInterval(() => {
    const latest = performance.now() - BODY_MS
    // In the order in which they came.
    for (const [request, at] of begun) {
      if (at > latest) break
      begun.delete(request)
      request.destroy()
    }
  }, BODIES_EVERY_MS).unref()
  server.once('close', () => clearInterval(looks))
  return {
    begin: (request) => void begun.set(request, performance.now()),
    end: (request) => void begun.delete(request),
  }
}
