import { createSecureContext, type SecureContext } from 'node:tls'
import { Agent, ProxyAgent, type Dispatcher } from 'undici'
import { ByProxy } from '../proxy/by-proxy.ts'
import type { Environment } from '../environment.ts'
import { createNameLookup } from './name-lookup.ts'
import { readProxySettings } from '../proxy/proxy.ts'
import { readTrustedCertificates, type TrustOptions } from './trust.ts'

const CONNECT_TIMEOUT_MS = 5000

/** For each host. The server itself asks no host more often at once. */
const MAX_CONNECTIONS = 128

/** Shorter than what keeps connections of AWS open that are not in use, and longer than the server's own rhythm of using them. */
const KEEP_ALIVE_MS = 55_000

export type DispatcherOptions = TrustOptions

/** The TLS options that differ between the servers we connect to; certificates and keys are PEM. */
interface TlsOptions {
  readonly ca?: string | string[]
  /** In the place of the certificates and the key. */
  readonly secureContext?: SecureContext
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/**
 * Connections by the environment's proxies, with TLS options of the caller's own, alike on all runtimes. A proxy that
 * speaks TLS itself has options apart: it must not be shown the client certificate that is meant for the server. Requests may not
 * carry a `host` header: undici would take it for the TLS server name.
 *
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export function connectWith(environment: Environment, options: TlsOptions, proxyOptions: TlsOptions = {}): Dispatcher {
  const proxyFor = readProxySettings(environment)
  // Said outright: both runtimes have an environment variable that would switch the check off.
  const tls = { rejectUnauthorized: true, ...options, timeout: CONNECT_TIMEOUT_MS, allowH2: false }
  const pool = { allowH2: false, connections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS }
  const proxyTls = { rejectUnauthorized: true, ...proxyOptions, timeout: CONNECT_TIMEOUT_MS }
  return new ByProxy(proxyFor, (proxy) =>
    proxy === undefined
      ? new Agent({ ...pool, connect: { ...tls, lookup: createNameLookup() } })
      : // With TLS options undici would speak TLS to a SOCKS proxy.
        new ProxyAgent({ ...pool, uri: proxy, requestTls: tls, ...(!proxy.startsWith('socks') && { proxyTls }) }),
  )
}

/**
 * Opens the way to AWS: connections that trust what {@link readTrustedCertificates} reads.
 *
 * @throws {FileError} A file of certificates that is named can't be used.
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export async function createDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  // Once: else each connection would read all the authorities anew, which takes one runtime longer than the handshake.
  const trust = { secureContext: createSecureContext({ ca: await readTrustedCertificates(options) }) }
  return connectWith(options.environment, trust, trust)
}
