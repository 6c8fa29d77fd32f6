import { BlockList, isIP } from 'node:net'

/** True if connections to that host and port bypass the proxy. */
type NoProxy = (host: string, port: number) => boolean

const ENTRY = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]*|[^:]*(?::[^:]*){2,}))(?::(?<port>\d+))?$/
const CIDR = /^(?<network>[^/]+)\/(?<prefix>\d{1,3})$/

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

function matchRange(entry: string): NoProxy | undefined {
  const { network = '', prefix = '' } = CIDR.exec(entry)?.groups ?? {}
  const type = family(network)
  if (isIP(network) === 0 || Number(prefix) > (type === 'ipv6' ? 128 : 32)) return undefined
  const range = new BlockList()
  range.addSubnet(network, Number(prefix), type)
  return (host) => isIP(host) !== 0 && range.check(host, family(host))
}

function matchName(pattern: string): (host: string) => boolean {
  if (pattern === '*') return () => true
  // `.example.com` and `*.example.com` match only the names below. `example.com` also matches itself.
  if (pattern.startsWith('.') || pattern.startsWith('*.')) {
    const suffix = pattern.slice(pattern.indexOf('.'))
    return (host) => host.endsWith(suffix)
  }
  if (isIP(pattern) !== 0) return (host) => host === pattern
  return (host) => host === pattern || host.endsWith(`.${pattern}`)
}

function parseEntry(entry: string): NoProxy | undefined {
  const range = matchRange(entry)
  if (range !== undefined) return range
  const { v6, host = '', port } = ENTRY.exec(entry)?.groups ?? {}
  const pattern = v6 ?? host
  if (pattern === '') return undefined
  const matches = matchName(pattern)
  return (name, number) => matches(name) && (port === undefined || number === Number(port))
}

/**
 * Reads NO_PROXY as Go and curl do. Its entries are separated by commas. An entry is a host name, which also matches the
 * names below it, a `.suffix`, `*`, an IP address, or a CIDR range. All but ranges may end in `:port`. Other entries are
 * ignored. The loopback always bypasses the proxy.
 */
export function parseNoProxy(value: string): NoProxy {
  const entries = value
    .toLowerCase()
    .split(/[\s,]+/)
    .map(parseEntry)
    .filter((entry) => entry !== undefined)
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  return (host, port) => {
    const name = host
      .toLowerCase()
      .replace(/\.$/, '')
      .replace(/^\[(.+)\]$/, '$1')
    if (name === 'localhost' || (isIP(name) !== 0 && loopback.check(name, family(name)))) return true
    return entries.some((matches) => matches(name, port))
  }
}
