import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { ProxyRefusal } from '../proxy/proxy-refusal.ts'
import { withTimeLimit } from '../time-limit.ts'
import { closedByOther, exchangeConnect, loadHttp, MAX_HEADER_BYTES } from './http-exchange.ts'

/** The target of a connection, and how to reach it. */
interface Route {
  readonly origin: URL
  /** An HTTP proxy; undefined for none. */
  readonly proxy: URL | undefined
  /** Reads the certificates to trust, PEM; not called without TLS. */
  readonly trust: () => Promise<string[]>
}

/** Time limit for a whole connection, in milliseconds: name lookup, TCP, the proxy's answer and TLS. */
const CONNECT_TIMEOUT_MS = 5_000

/** Time limit for a name lookup, in milliseconds. Below the whole limit, so that the error can name the cause. */
const LOOKUP_TIMEOUT_MS = 4_000

/** The host without the brackets that URLs put around IPv6 addresses. */
function bare(hostname: string): string {
  return hostname.replace(/^\[/, '').replace(/\]$/, '')
}

/** The system's name lookup, which has no time limit of its own. */
const lookup: LookupFunction = (hostname, options: LookupOptions, callback) => {
  let isOver = false
  const finish = (error: NodeJS.ErrnoException | null, addresses: string | LookupAddress[], family?: number): void => {
    clearTimeout(timer)
    if (!isOver) callback(error, addresses, family)
    isOver = true
  }
  const timer = setTimeout(() => {
    finish(new Error(`no answer from DNS for ${hostname} within ${LOOKUP_TIMEOUT_MS / 1000} s`), [])
  }, LOOKUP_TIMEOUT_MS)
  systemLookup(hostname, options, finish)
}

/** Waits for a socket to open; rejects if it fails before. */
function whenOpen(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error): void => reject(error ?? closedByOther())
    const close = (): void => fail()
    socket.once('error', fail).once('end', close).once('close', close)
    socket.once(event, () => {
      socket.off('error', fail).off('end', close).off('close', close)
      resolve()
    })
  })
}

async function openTunnel(socket: Socket, { origin, proxy }: Route, signal: AbortSignal): Promise<void> {
  const target = `${origin.hostname}:${origin.port === '' ? '443' : origin.port}`
  const outgoing = loadHttp().request({
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...authorizationFor(proxy) },
    setDefaultHeaders: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    createConnection: () => socket,
  })
  const { statusCode, head } = await exchangeConnect(outgoing, { signal })
  if (statusCode !== 200) throw new ProxyRefusal(statusCode)
  // In TLS the client sends first.
  if (head.length > 0) throw new Error('the proxy sent more than its answer')
}

/** The header that the proxy wants, if its URL names a user. */
export function authorizationFor(proxy: URL | undefined): Record<string, string> {
  if (proxy === undefined || proxy.username === '') return {}
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

async function secure(socket: Socket, hostname: string, ca: string[]): Promise<Socket> {
  const { connect: connectTls } = await import('node:tls')
  const host = bare(hostname)
  const secured = connectTls({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ca,
    // Explicit, because both runtimes have an environment variable that disables the check.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  })
  // An error after the handshake ends the request, which has a listener of its own.
  secured.on('error', () => undefined)
  await whenOpen(secured, 'secureConnect')
  if (!secured.authorized) throw secured.authorizationError
  return secured
}

async function open(base: Socket, route: Route, signal: AbortSignal): Promise<Socket> {
  const { origin, proxy, trust } = route
  const isSecure = origin.protocol === 'https:'
  // Reads the certificates while the other side answers.
  const ca = isSecure || proxy?.protocol === 'https:' ? trust() : Promise.resolve([])
  const [certificates] = await Promise.all([ca, whenOpen(base, 'connect')])
  const socket = proxy?.protocol === 'https:' ? await secure(base, proxy.hostname, certificates) : base
  // Plain HTTP goes through a proxy as it is.
  if (!isSecure) return socket
  if (proxy !== undefined) await openTunnel(socket, route, signal)
  return await secure(socket, origin.hostname, certificates)
}

/**
 * Opens a connection for HTTP/1.1, through the proxy if there is one, with TLS if the origin has it.
 *
 * @param signal Closes the connection, even after it is open.
 * @throws {Error} There is no connection within 5 s.
 */
export async function connect(route: Route, signal: AbortSignal): Promise<Socket> {
  const { hostname, port, protocol } = route.proxy ?? route.origin
  const usual = protocol === 'https:' ? 443 : 80
  const base = connectTcp({ host: bare(hostname), port: port === '' ? usual : Number(port), noDelay: true, lookup })
  // The code that waits for the connection reports the error.
  base.on('error', () => undefined)
  signal.addEventListener('abort', () => base.destroy())
  try {
    return await withTimeLimit(
      CONNECT_TIMEOUT_MS,
      new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`),
      () => open(base, route, signal),
    )
  } catch (error) {
    base.destroy()
    throw error
  }
}
