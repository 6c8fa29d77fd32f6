import { BlockList, isIP } from 'node:net'

/** Whether connections to that host and port go to it directly. */
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
  // `.example.com` and `*.example.com` mean the names below it, `example.com` means itself too.
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
 * Reads NO_PROXY as Go and curl do: entries between commas, each a host name, which stands for the names below it too,
 * a `.suffix`, `*`, an IP address or a range of them in CIDR notation; all but the ranges may end in `:port`. Entries
 * that are none of these count for nothing. The loopback is never reached through a proxy.
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
