import { tokenOf, withHost, type TokenRow } from './token-row.ts'

const hosts = (
  reason: 'wrong_host' | 'malformed_token',
  rows: readonly (readonly [string, string | ((host: string) => string)])[],
): TokenRow[] =>
  rows.map(([name, host]) => ({
    name: `host: ${name}`,
    make: (good) => withHost(good, typeof host === 'string' ? host : host(good.host)),
    reason,
  }))

/** Hosts in the form of a host name that are not STS endpoints. */
const others = hosts('wrong_host', [
  ['another company', 'example.com'],
  ['STS as the beginning of another domain', (host) => `${host}.evil.com`],
  ['the global STS host as the beginning of another domain', 'sts.amazonaws.com.evil.com'],
  ['a domain that ends like the suffix', 'sts.us-west-2.evilamazonaws.com'],
  ['a domain that ends like the suffix, global', 'sts.evilamazonaws.com'],
  ['a label before', (host) => `evil.${host}`],
  ['a word before', (host) => `evil-${host}`],
  ['the suffix alone', 'amazonaws.com'],
  ['no region', 'sts..amazonaws.com'],
  ['a leading dot', (host) => `.${host}`],
  ['a trailing dot', (host) => `${host}.`],
  ['two trailing dots', (host) => `${host}..`],
  ['doubled dots', 'sts.us-west-2..amazonaws.com'],
  ['dots alone', '...'],
  ['a region of two labels', 'sts.us-west-2.evil.amazonaws.com'],
  ['another service', 'ec2.us-west-2.amazonaws.com'],
  ['another service whose name begins with sts', 'sts2.us-west-2.amazonaws.com'],
  ['a region that begins with a hyphen', 'sts.-us-west-2.amazonaws.com'],
  ['a region that ends with a hyphen', 'sts.us-west-2-.amazonaws.com'],
  ['a region longer than a DNS label', `sts.${'a'.repeat(64)}.amazonaws.com`],
  ['a long host name', `sts.${'a.'.repeat(4000)}amazonaws.com`],
  ['a host name of hyphens', `sts.${'-'.repeat(8000)}.amazonaws.com`],
  ['localhost', 'localhost'],
  ['an IPv4 address', '127.0.0.1'],
  ['the instance metadata address', '169.254.169.254'],
  ['an IPv4 address as one number', '2130706433'],
  ['an IPv4 address in hexadecimal', '0x7f000001'],
  ['a punycode look-alike', 'xn--sts-5cd.amazonaws.com'],
  ['a punycode suffix', 'sts.us-west-2.xn--amazonws-4fg.com'],
  ['a service in upper case', 'STS.us-west-2.amazonaws.com'],
  ['a suffix in upper case', 'sts.us-west-2.AMAZONAWS.COM'],
  ['the global host in upper case', 'STS.AMAZONAWS.COM'],
  ['the suffix of another partition', 'sts.us-west-2.amazonaws.com.cn'],
  ['a region of another partition', 'sts.cn-north-1.amazonaws.com'],
  ['FIPS in GovCloud, which has no such host', 'sts-fips.us-gov-west-1.amazonaws.com'],
  ['FIPS in GovCloud, in upper case', 'sts-fips.US-GOV-WEST-1.amazonaws.com'],
  ['FIPS without a region', 'sts-fips.amazonaws.com'],
  ['a global host of the dual-stack suffix', 'sts.api.aws'],
])

/** Hosts that no URL of ours has. */
const broken = hosts('malformed_token', [
  ['none', ''],
  ['user info', (host) => `user@${host}`],
  ['user info with a password', (host) => `user:secret@${host}`],
  ['STS as user info', (host) => `${host}@evil.com`],
  ['another host before ?@', (host) => `evil.com?@${host}`],
  ['another host before #@', (host) => `evil.com#@${host}`],
  ['another host before /@', (host) => `evil.com/@${host}`],
  ['the usual port', (host) => `${host}:443`],
  ['another port', (host) => `${host}:8443`],
  ['an empty port', (host) => `${host}:`],
  ['an IPv6 address', '[::1]'],
  ['an IPv4 address in IPv6', '[::ffff:169.254.169.254]'],
  ['an underscore', 'sts.us_west_2.amazonaws.com'],
  ['a percent-encoded dot', 'sts.us-west-2%2Eamazonaws.com'],
  ['a percent-encoded host', '%73%74%73.us-west-2.amazonaws.com'],
  ['a percent-encoded slash', 'evil.com%2F.us-west-2.amazonaws.com'],
  ['a percent-encoded NUL', (host) => `${host}%00.evil.com`],
  ['a Cyrillic letter', 'st\u0455.us-west-2.amazonaws.com'],
  ['full-width letters', '\uff53\uff54\uff53.us-west-2.amazonaws.com'],
  ['an ideographic full stop', 'sts.us-west-2\u3002amazonaws.com'],
  ['a full-width slash', 'evil.com\uff0f.us-west-2.amazonaws.com'],
  ['a soft hyphen', 'sts.us\u00ad-west-2.amazonaws.com'],
  ['a zero-width space', 'sts.\u200bus-west-2.amazonaws.com'],
  ['a letter that lower-cases to k', 'sts.us-west-2.amazonaws.com\u212a'],
  ['a backslash before another host', (host) => `evil.com\\.${host}`],
  ['a backslash and @', (host) => `${host}\\@evil.com`],
  ['a comma', (host) => `${host},evil.com`],
  ['a tab', 'sts.us-west-2.\tamazonaws.com'],
  ['a newline', 'sts.us-west-2.\namazonaws.com'],
  ['a carriage return', 'sts.us-west-2.\ramazonaws.com'],
  ['a NUL', (host) => `${host}\0.evil.com`],
  ['a space', 'sts.us-west-2. amazonaws.com'],
  ['a DEL', (host) => `${host}\u007f`],
  ['a header after it', (host) => `${host}\r\nx-k8s-aws-id: other\r\n`],
])

const schemes: TokenRow[] = (
  [
    ['http', 'http://'],
    ['ftp', 'ftp://'],
    ['in upper case', 'HTTPS://'],
    ['in two cases', 'Https://'],
    ['none', '//'],
    ['none, and no slashes', ''],
    ['one slash', 'https:/'],
    ['no slashes', 'https:'],
    ['three slashes', 'https:///'],
    ['backslashes', 'https:\\\\'],
    ['doubled', 'https://https://'],
    ['a space before', ' https://'],
    ['a newline before', '\nhttps://'],
    ['a byte order mark before', '\ufeffhttps://'],
    ['javascript', 'javascript://'],
    ['file', 'file://'],
  ] as const
).map(([name, scheme]) => ({
  name: `scheme: ${name}`,
  make: ({ host, query }) => tokenOf(`${scheme}${host}/?${query}`),
  reason: 'malformed_token',
}))

const paths: TokenRow[] = (
  [
    ['none', '?'],
    ['none, and no query mark', ''],
    ['two slashes', '//?'],
    ['a dot', '/./?'],
    ['two dots', '/../?'],
    ['a percent-encoded slash', '/%2f?'],
    ['a name', '/x?'],
    ['a parameter of the path', '/;x?'],
    ['a backslash', '/\\?'],
    ['no query mark', '/'],
    ['an ampersand for the query mark', '/&'],
    ['two query marks', '/??'],
    ['a percent-encoded query mark', '/%3F'],
    ['a fragment before the query', '/#?'],
    ['a matrix of dots', '/.;/?'],
  ] as const
).map(([name, path]) => ({
  name: `path: ${name}`,
  make: ({ host, query }) => tokenOf(`https://${host}${path}${query}`),
  reason: 'malformed_token',
}))

const ends: TokenRow[] = (
  [
    ['a fragment', '#x'],
    ['an empty fragment', '#'],
    ['a newline', '\n'],
    ['a carriage return and a newline', '\r\n'],
    ['a space', ' '],
    ['a NUL', '\0'],
    ['a tab', '\t'],
    ['a letter outside ASCII', '\u00e9'],
    ['a second request', ' HTTP/1.1\r\nhost: evil.com\r\n\r\nGET /'],
  ] as const
).map(([name, end]) => ({
  name: `end of the URL: ${name}`,
  make: ({ url }) => tokenOf(url + end),
  reason: 'malformed_token',
}))

/** Hosts, schemes, paths and URL ends that could send a token to a host other than STS. */
export const hostileUrls: readonly TokenRow[] = [...others, ...broken, ...schemes, ...paths, ...ends]
