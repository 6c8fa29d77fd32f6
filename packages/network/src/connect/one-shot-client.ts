import type { Agent } from 'node:http'
import { Socket } from 'node:net'
import { exchange, loadHttp, MAX_HEADER_BYTES } from './http-exchange.ts'
import type { HttpClient, HttpClientAnswer, HttpRequestOptions } from '../http-client.ts'
import type { Dispatcher } from 'undici'
import { authorizationFor, connect } from './connect.ts'
import type { DispatcherOptions } from './dispatcher.ts'
import { readProxySettings } from '../proxy/proxy.ts'
import { readTrustedCertificates } from './trust.ts'

/** Headers that `node:http` derives from the origin and the body. */
const DERIVED: ReadonlySet<string> = new Set(['connection', 'content-length', 'host', 'transfer-encoding'])

async function* inOnePiece(body: Buffer): AsyncIterable<Uint8Array> {
  yield body
}

/**
 * Keeps one connection per origin, which carries one request at a time.
 *
 * @param connectTo Opens a connection.
 */
function createConnections(connectTo: (origin: URL) => Promise<Socket>): {
  agentFor(origin: URL): Agent
  openAhead(origin: URL): void
  destroy(): void
} {
  const agents = new Map<string, Agent>()
  const ahead = new Map<string, Promise<Socket>>()

  async function next(origin: URL): Promise<Socket> {
    const opened = ahead.get(origin.origin)
    ahead.delete(origin.origin)
    const socket = await opened
    // The other side may have closed it in the meantime.
    return socket?.destroyed === false ? socket : await connectTo(origin)
  }
  return {
    agentFor(origin) {
      const http = loadHttp()
      const agent = agents.get(origin.origin) ?? new http.Agent({ keepAlive: true, maxSockets: 1 })
      agents.set(origin.origin, agent)
      agent.createConnection = (_options, callback) => {
        const provide = async (): Promise<void> => {
          let socket: Socket
          try {
            socket = await next(origin)
          } catch (error) {
            // The agent ignores the socket that comes with an error.
            callback?.(error instanceof Error ? error : new Error(String(error)), new Socket())
            return
          }
          callback?.(null, socket)
        }
        void provide()
        return undefined
      }
      return agent
    },
    openAhead(origin) {
      if (ahead.has(origin.origin) || agents.has(origin.origin)) return
      const socket = connectTo(origin)
      ahead.set(origin.origin, socket)
      // The request that uses the connection reports its error.
      socket.catch(() => undefined)
    },
    destroy() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

/**
 * Creates an HTTP client for a command that sends a few requests to AWS and ends. Uses `node:http`, which loads faster than
 * undici, with the proxies and trust of {@link createDispatcher}. Leaves SOCKS proxies to undici.
 *
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export function createOneShotClient(options: DispatcherOptions): HttpClient {
  const proxyFor = readProxySettings(options.environment)
  const cut = new AbortController()
  let trust: Promise<string[]> | undefined
  let dispatcher: Promise<Dispatcher> | undefined

  function proxyOf(origin: URL): URL | undefined {
    const proxy = proxyFor(origin)
    return proxy === undefined ? undefined : new URL(proxy)
  }
  const readTrust = (): Promise<string[]> => (trust ??= readTrustedCertificates(options))
  const connections = createConnections((origin) =>
    connect({ origin, proxy: proxyOf(origin), trust: readTrust }, cut.signal),
  )

  async function requestBySocks(request: HttpRequestOptions): Promise<HttpClientAnswer> {
    dispatcher ??= import('./dispatcher.ts').then(({ createDispatcher }) => createDispatcher(options))
    return await (await dispatcher).request(request)
  }

  return {
    async request(request) {
      const { method, path, headers, body, signal } = request
      const origin = new URL(request.origin)
      const proxy = proxyOf(origin)
      if (proxy?.protocol === 'socks5:') return await requestBySocks(request)
      // Appended to the origin, any other path could change the host.
      if (!path.startsWith('/')) throw new TypeError('the path of a request begins with "/"')
      const given = Object.entries(headers).filter(([name]) => !DERIVED.has(name.toLowerCase()))
      // Plain HTTP goes through the proxy itself, not through a tunnel.
      const isForwarded = proxy !== undefined && origin.protocol === 'http:'
      const outgoing = loadHttp().request({
        agent: connections.agentFor(origin),
        method,
        path: isForwarded ? `${origin.origin}${path}` : path,
        headers: { host: origin.host, ...(isForwarded && authorizationFor(proxy)), ...Object.fromEntries(given) },
        maxHeaderSize: MAX_HEADER_BYTES,
      })
      const answer = await exchange(outgoing, { body, signal })
      return { ...answer, body: inOnePiece(answer.body) }
    },
    open(origin) {
      const url = new URL(origin)
      if (proxyOf(url)?.protocol !== 'socks5:') connections.openAhead(url)
    },
    async destroy() {
      cut.abort()
      connections.destroy()
      await dispatcher?.then(
        (opened) => opened.destroy(),
        () => undefined,
      )
    },
  }
}
