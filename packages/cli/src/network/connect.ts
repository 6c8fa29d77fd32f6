import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { parseHead } from './parse-answer.ts'
import { whenOpen, whenRead } from './socket-events.ts'

/** Where a connection leads, and how. */
export interface Route {
  readonly origin: URL
  /** An HTTP proxy; undefined for none. */
  readonly proxy: URL | undefined
  /** Reads the certificates to trust, PEM; not called where there is no TLS. */
  readonly trust: () => Promise<string[]>
}

const TIMEOUT_MS = 5000

/** The host as sockets take it: URLs put IPv6 addresses between brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.+)\]$/, '$1')
}

function authorizationOf({ username, password }: URL): string {
  if (username === '') return ''
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `proxy-authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`
}

async function openTunnel(socket: Socket, origin: URL, proxy: URL): Promise<void> {
  const target = `${origin.hostname}:${origin.port === '' ? '443' : origin.port}`
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${authorizationOf(proxy)}\r\n`)
  const { bytes, head } = await whenRead(socket, (came) => {
    const parsed = parseHead(came)
    return parsed && { bytes: came, head: parsed }
  })
  if (head.statusCode !== 200) throw new Error(`the proxy answered ${head.statusCode}`)
  // In TLS it is the client that speaks first.
  if (bytes.length > head.length) throw new Error('the proxy said more than it was asked')
}

async function secure(socket: Socket, hostname: string, ca: string[]): Promise<Socket> {
  const { connect: connectTls } = await import('node:tls')
  const host = bare(hostname)
  const secured = connectTls({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ca,
    // Said outright: both runtimes have an environment variable that would switch the check off.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  })
  await whenOpen(secured, 'secureConnect')
  if (!secured.authorized) throw secured.authorizationError
  return secured
}

/**
 * Opens a connection for HTTP/1.1, with TLS where the origin has it, through the proxy where there is one.
 *
 * @param signal Cuts the connection, also once it is open.
 * @throws {Error} There is none within 5 s.
 */
export async function connect({ origin, proxy, trust }: Route, signal: AbortSignal): Promise<Socket> {
  const isSecure = origin.protocol === 'https:'
  const { hostname, port, protocol } = proxy ?? origin
  const usual = protocol === 'https:' ? 443 : 80
  const socket = connectTcp({ host: bare(hostname), port: port === '' ? usual : Number(port), noDelay: true })
  // Whoever waits for it is told; where nobody does it is no error.
  socket.on('error', () => undefined)
  signal.addEventListener('abort', () => socket.destroy())
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no connection within ${TIMEOUT_MS / 1000} s`))
  }, TIMEOUT_MS)
  try {
    // Both at once: the certificates are read while the other side answers.
    const [ca] = await Promise.all([
      isSecure ? trust() : [],
      whenOpen(socket, 'connect').then(() => (proxy === undefined ? undefined : openTunnel(socket, origin, proxy))),
    ])
    return isSecure ? await secure(socket, origin.hostname, ca) : socket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}
