import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { firstSet, type Environment } from '../environment.ts'
import { parseNoProxy } from './no-proxy.ts'

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
])
const PROXY_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:'])

/** Returns the proxy for an origin; undefined for a direct connection. */
export type ProxyChoice = (origin: URL) => string | undefined

// The value may hold a password, so no message quotes it.
function parseProxyUrl(environment: Environment, ...names: readonly string[]): string | undefined {
  const value = firstSet(environment, ...names)?.value
  if (value === undefined) return undefined
  const text = value.includes('://') ? value : `http://${value}`
  const scheme = URL.canParse(text) ? new URL(text).protocol : ''
  if (PROXY_SCHEMES.has(scheme)) return text
  throw new AuthenticatorError(
    'invalid_proxy',
    `${names[0]} is not the URL of a proxy, such as http://proxy.example:3128`,
  )
}

/**
 * Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or their lower-case forms, as Go does. HTTP_PROXY is for plain HTTP only.
 *
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export function readProxySettings(environment: Environment): ProxyChoice {
  const https = parseProxyUrl(environment, 'HTTPS_PROXY', 'https_proxy')
  const http = parseProxyUrl(environment, 'HTTP_PROXY', 'http_proxy')
  const goesDirectly = parseNoProxy(firstSet(environment, 'NO_PROXY', 'no_proxy')?.value ?? '')
  return ({ protocol, hostname, port }) => {
    const proxy = protocol === 'https:' ? https : http
    if (proxy === undefined) return undefined
    return goesDirectly(hostname, port === '' ? (DEFAULT_PORTS.get(protocol) ?? 0) : Number(port)) ? undefined : proxy
  }
}
