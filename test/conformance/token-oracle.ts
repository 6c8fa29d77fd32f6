/** The names that a query may have, as pairs of a lower-case name and whether it is required. */
const NAMES = new Map([
  ['action', true],
  ['version', false],
  ['x-amz-algorithm', false],
  ['x-amz-credential', true],
  ['x-amz-date', true],
  ['x-amz-expires', true],
  ['x-amz-security-token', false],
  ['x-amz-signature', false],
  ['x-amz-signedheaders', true],
])

const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i
const SUFFIXES = new Set(['amazonaws.com', 'api.aws'])

/** True if a server of partition aws may send a token there. */
function isStsHostOfAws(host: string): boolean {
  if (host === 'sts.amazonaws.com') return true
  const [service = '', region = '', ...rest] = host.split('.')
  if (!['sts', 'sts-fips'].includes(service) || !SUFFIXES.has(rest.join('.'))) return false
  if (!LABEL.test(region) || region.length > 63) return false
  if (/^us-gov-\w+-\d+$/i.test(region)) return service === 'sts' || rest.join('.') === 'api.aws'
  return !/^(?:cn|us-iso[bf]?|eu-isoe|eusc-de)-\w+-\d+$/i.test(region)
}

interface Accepted {
  readonly host: string
  readonly query: string
  readonly accessKeyId: string
  readonly signedAt: Date
}

/**
 * The reason why a token must not be accepted, null if it may: the rules of a presigned URL, written a second
 * time in another way (with the platform's URL parser, by counting, with no early return of the code under test).
 */
export function faultOfAccepted(token: string, accepted: Accepted, now: Date): string | null {
  if (token.length > 16_384) return 'too long'
  const bytes = Buffer.from(token.slice(11), 'base64url')
  if (`k8s-aws-v1.${bytes.toString('base64url')}` !== token) return 'not the canonical token'
  const text = bytes.toString('latin1')
  if (text !== `https://${accepted.host}/?${accepted.query}`) return 'not byte for byte'
  if (bytes.some((byte) => byte <= 0x20 || byte >= 0x7f)) return 'a byte outside printable ASCII'
  if (/[#;\\]|%(?![0-9a-f]{2})/i.test(text)) return 'a character that never belongs'
  if (!isStsHostOfAws(accepted.host)) return 'host'

  const url = new URL(text)
  if (url.hostname !== accepted.host.toLowerCase() || url.host !== url.hostname) return 'another host to a URL parser'
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.hash !== '') return 'more than a query'

  const pairs = [...url.searchParams]
  const names = pairs.map(([name]) => name.toLowerCase())
  if (names.length !== accepted.query.split('&').length) return 'separators'
  if (new Set(names).size !== names.length) return 'a name twice'
  if (names.some((name) => !NAMES.has(name))) return 'an unknown name'
  if ([...NAMES].some(([name, required]) => required && !names.includes(name))) return 'a name missing'

  const values = new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]))
  const value = (name: string): string => values.get(name) ?? ''
  if ([...values.values()].some((each) => /[^\x20-\x7e]/.test(each))) return 'a value outside printable ASCII'
  if (value('action') !== 'GetCallerIdentity') return 'action'
  if (values.has('version') && value('version') !== '2011-06-15') return 'version'
  if (!`;${value('x-amz-signedheaders')};`.toLowerCase().includes(';x-k8s-aws-id;')) return 'cluster header not signed'
  if (
    !Array.from({ length: 901 }, (_, seconds) => String(seconds)).includes(
      value('x-amz-expires').replace(/^0+(?=\d)/, ''),
    )
  )
    return 'expires'
  if (value('x-amz-credential').split('/', 1)[0] !== accepted.accessKeyId) return 'access key id'
  if (!/^[A-Za-z0-9_]+$/.test(accepted.accessKeyId)) return 'form of the access key id'
  const ageMs = now.getTime() - accepted.signedAt.getTime()
  if (!(ageMs <= 900_000 && ageMs >= -300_000)) return 'age'
  return accepted.signedAt.toISOString().replace(/[-:]|\.000/g, '') === value('x-amz-date') ? null : 'date'
}
