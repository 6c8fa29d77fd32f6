import { createSecureContext, type SecureContext } from 'node:tls'
// Bun has a module of its own for the bare name, without these classes.
import { Agent, ProxyAgent, type Dispatcher } from 'undici/index.js'
import { ByProxy } from '../proxy/by-proxy.ts'
import type { Environment } from '../environment.ts'
import { createNameLookup } from './name-lookup.ts'
import { readProxySettings } from '../proxy/proxy.ts'
import { ProxyRefusal } from '../proxy/proxy-refusal.ts'
import { readTrustedCertificates } from './trust.ts'
import type { TrustOptions } from './trust-source.ts'

const CONNECT_TIMEOUT_MS = 5000

/** Maximum connections per host. The server has no more requests to one host at the same time. */
const MAX_CONNECTIONS = 128

/** Shorter than AWS keeps idle connections open, and longer than the server's interval between requests. */
const KEEP_ALIVE_MS = 55_000

export type DispatcherOptions = TrustOptions

/** The TLS options that differ between servers. Certificates and keys are PEM. */
interface TlsOptions {
  readonly ca?: string | string[]
  /** Replaces the certificates and the key. */
  readonly secureContext?: SecureContext
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Creates the connections to a proxy. Without this, undici reports a refused tunnel as an error whose text alone has the status. */
function createProxyClient(_proxy: URL, options: object): Dispatcher {
  const agent = new Agent(options)
  const openTunnel = agent.connect.bind(agent)
  const connect = async (request: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const tunnel = await openTunnel(request)
    if (tunnel.statusCode === 200) return tunnel
    tunnel.socket.on('error', () => undefined).destroy()
    throw new ProxyRefusal(tunnel.statusCode)
  }
  return Object.assign(agent, { connect })
}

/**
 * Creates a dispatcher with the caller's TLS options that uses the environment's proxies. It behaves the same on all
 * runtimes. A proxy with TLS has separate options, because it must not see the client certificate for the server. Requests
 * must not have a `host` header: undici would use it as the TLS server name.
 *
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export function connectWith(environment: Environment, options: TlsOptions, proxyOptions: TlsOptions = {}): Dispatcher {
  const proxyFor = readProxySettings(environment)
  // Explicit, because both runtimes have an environment variable that disables the check.
  const tls = { rejectUnauthorized: true, ...options, timeout: CONNECT_TIMEOUT_MS, allowH2: false }
  const pool = { allowH2: false, connections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS }
  const proxyTls = { rejectUnauthorized: true, ...proxyOptions, timeout: CONNECT_TIMEOUT_MS }
  return new ByProxy(proxyFor, (proxy) =>
    proxy === undefined
      ? new Agent({ ...pool, connect: { ...tls, lookup: createNameLookup() } })
      : // With TLS options undici would use TLS to a SOCKS proxy.
        new ProxyAgent({
          ...pool,
          uri: proxy,
          clientFactory: createProxyClient,
          requestTls: tls,
          ...(!proxy.startsWith('socks') && { proxyTls }),
        }),
  )
}

/**
 * Creates a dispatcher for AWS that trusts the certificates of {@link readTrustedCertificates}.
 *
 * @throws {FileError} A configured file of certificates can't be used.
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export async function createDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  // Created once. Otherwise each connection would read all authorities again, which on one runtime outlasts the handshake.
  const trust = { secureContext: createSecureContext({ ca: await readTrustedCertificates(options) }) }
  return connectWith(options.environment, trust, trust)
}
