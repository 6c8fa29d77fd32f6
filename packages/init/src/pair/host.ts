import { isIPv4, isIPv6 } from 'node:net'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'

// The last label must not be all digits: some programs read such a name as an IPv4 address.
const DNS_NAME = /^(?:[a-z0-9_-]{1,63}\.)*(?!\d+$)[a-z0-9_-]{1,63}$/i

/** The host is neither an IP address nor a DNS name. */
export class HostError extends AuthenticatorError<'host_invalid'> {
  override readonly name = 'HostError'
}

/** The host of a URL. `value` is the canonical IP address without brackets, or the DNS name in lower case. */
export interface Host {
  readonly type: 'ipv4' | 'ipv6' | 'dns'
  readonly value: string
}

/**
 * Parses a configured hostname or address. Rejects anything that would be another host in a URL, and IPv6 zones, which
 * neither a certificate nor a URL can hold.
 *
 * @throws HostError `host_invalid`
 */
export function parseHost(text: string): Host {
  if (isIPv4(text)) return { type: 'ipv4', value: text }
  if (isIPv6(text) && !text.includes('%')) {
    return { type: 'ipv6', value: new URL(`https://[${text}]`).hostname.slice(1, -1) }
  }
  if (DNS_NAME.test(text)) return { type: 'dns', value: text.toLowerCase() }
  throw new HostError(
    'host_invalid',
    `${JSON.stringify(text)} is neither an IP address nor a DNS name. Give one, without brackets, port or scheme.`,
  )
}
