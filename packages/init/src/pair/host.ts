import { isIPv4, isIPv6 } from 'node:net'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'

// A last label of digits alone is left out: such a name is read as an IPv4 address by some and as a name by others.
const DNS_NAME = /^(?:[a-z0-9_-]{1,63}\.)*(?!\d+$)[a-z0-9_-]{1,63}$/i

/** A hostname or an address that is neither an IP address nor a DNS name. */
export class HostError extends AuthenticatorError<'host_invalid'> {
  override readonly name = 'HostError'
}

/** The host part of a URL: `value` has one spelling for each IP address, without brackets; DNS names are in lower case. */
export interface Host {
  readonly type: 'ipv4' | 'ipv6' | 'dns'
  readonly value: string
}

/**
 * Reads a configured hostname or address. Anything that would end as another host once it stands in a URL is refused,
 * and so is an IPv6 zone, which neither a certificate nor a URL can hold.
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
