import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** One CONNECT request to the proxy. */
export interface ConnectRequest {
  readonly host: string
  readonly port: number
  /** 200 for a tunnel, 407 without the right password, 502 for a host that is not served. */
  readonly status: 200 | 407 | 502
}

/** An HTTP proxy for tests. It supports only CONNECT, and only to this machine. */
export interface ConnectProxy {
  /** The user and the password, if the proxy requires them. */
  readonly url: string
  readonly requests: readonly ConnectRequest[]
  /** Ends all tunnels. */
  close(): Promise<void>
}

/** The target of the tunnels. */
export interface ConnectProxyOptions {
  /** The port on 127.0.0.1 that answers for this host and port; undefined to reject the host. */
  readonly route: (host: string, port: number) => number | undefined
  /** Basic authentication. Without it the proxy serves everyone. */
  readonly credentials?: { readonly user: string; readonly password: string }
}

/**
 * Starts a proxy on 127.0.0.1.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
 */
export async function startConnectProxy({ route, credentials }: ConnectProxyOptions): Promise<ConnectProxy> {
  const requests: ConnectRequest[] = []
  const sockets = new Set<Duplex>()
  const authorization = credentials && basicAuthorization(credentials.user, credentials.password)

  const server = createServer((_, response) => {
    response.writeHead(405).end()
  })
  server.on('connect', (request, client, head) => {
    track(client, sockets)
    const [, host = '', portText] = /^(.+):(\d+)$/.exec(request.url ?? '') ?? []
    const port = Number(portText)
    const target = route(host, port)
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      requests.push({ host, port, status: 407 })
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="sandbox"\r\n\r\n')
    } else if (target === undefined) {
      requests.push({ host, port, status: 502 })
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    } else {
      requests.push({ host, port, status: 200 })
      openTunnel(client, head, track(connect(target, '127.0.0.1'), sockets))
    }
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: proxyUrl(server.address(), credentials),
    requests,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function openTunnel(client: Duplex, head: Buffer, upstream: Socket): void {
  upstream.once('connect', () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    upstream.write(head)
    client.pipe(upstream).pipe(client)
  })
  // Either end may break at any time, as tests of faults require. The other end is then closed.
  upstream.once('close', () => client.destroy())
  client.once('close', () => upstream.destroy())
}

function track<Stream extends Duplex>(socket: Stream, sockets: Set<Duplex>): Stream {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
  socket.on('error', () => socket.destroy())
  return socket
}

function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function proxyUrl(address: AddressInfo | string | null, credentials: ConnectProxyOptions['credentials']): string {
  if (typeof address !== 'object' || address === null) throw new TypeError('the proxy listens on no port')
  const url = new URL(`http://127.0.0.1:${address.port}`)
  url.username = credentials?.user ?? ''
  url.password = credentials?.password ?? ''
  return url.href.replace(/\/$/, '')
}
