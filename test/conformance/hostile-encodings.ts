import { tokenOf, withQuery, type GoodToken, type TokenRow } from './token-row.ts'

const PREFIX = 'k8s-aws-v1.'

/** The longest token within 16 KiB, and the shortest longer one: base64url has no length between them. */
const LONGEST = 16 * 1024 - 1
const TOO_LONG = 16 * 1024 + 1

/** A token of exactly that length, padded by its session token. */
function ofLength({ host, query }: GoodToken, length: number): string {
  const before = `https://${host}/?X-Amz-Security-Token=`
  const after = query
    .split('&')
    .filter((part) => !part.startsWith('X-Amz-Security-Token='))
    .map((part) => `&${part}`)
    .join('')
  const bytes = Math.floor(((length - PREFIX.length) * 3) / 4)
  const token = tokenOf(before + 'A'.repeat(bytes - before.length - after.length) + after)
  if (token.length !== length) throw new TypeError(`no token is ${length} characters long`)
  return token
}

/** The token with a changed last character: only bits that do not encode bytes are set. */
function withTrailingBits({ url }: GoodToken): string {
  // One byte over a multiple of three: two characters, the last with four unused bits.
  const token = tokenOf(url + 'A'.repeat((4 - (url.length % 3)) % 3))
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1)
}

const malformed = (name: string, make: (good: GoodToken) => string): TokenRow => ({
  name: `encoding: ${name}`,
  make,
  reason: 'malformed_token',
})

const body = ({ url }: GoodToken): string => tokenOf(url).slice(PREFIX.length)

/** Sizes, prefixes and base64 spellings other than the canonical form of a token. */
export const hostileEncodings: readonly TokenRow[] = [
  { name: 'encoding: 16 KiB', make: (good) => ofLength(good, LONGEST), passesToSts: true },
  malformed('more than 16 KiB', (good) => ofLength(good, TOO_LONG)),
  malformed('1 MiB', (good) => withQuery(good, `${good.query}${'A'.repeat((1024 * 1024 * 3) / 4)}`)),
  malformed('1 MiB that is no base64url', () => PREFIX + '%'.repeat(1024 * 1024)),
  malformed('nothing', () => ''),
  malformed('a prefix alone', () => PREFIX),
  malformed('half a prefix', () => 'k8s-aws'),
  malformed('a prefix without its dot', (good) => PREFIX.slice(0, -1) + body(good)),
  malformed('no prefix', body),
  malformed('a prefix in upper case', (good) => PREFIX.toUpperCase() + body(good)),
  malformed('a prefix with one capital', (good) => `K8s-aws-v1.${body(good)}`),
  malformed('a prefix with a Kelvin sign', (good) => `\u212a8s-aws-v1.${body(good)}`),
  malformed('a prefix of another version', (good) => `k8s-aws-v2.${body(good)}`),
  malformed('the prefix twice', (good) => PREFIX + tokenOf(good.url)),
  malformed('a token in a token', (good) => tokenOf(tokenOf(good.url))),
  malformed('a space before', (good) => ` ${tokenOf(good.url)}`),
  malformed('a space after the prefix', (good) => `${PREFIX} ${body(good)}`),
  malformed('a space in the middle', (good) => `${PREFIX}${body(good).slice(0, 40)} ${body(good).slice(40)}`),
  malformed('a newline in the middle', (good) => `${PREFIX}${body(good).slice(0, 64)}\n${body(good).slice(64)}`),
  malformed('a newline at the end', (good) => `${tokenOf(good.url)}\n`),
  malformed('a carriage return at the end', (good) => `${tokenOf(good.url)}\r\n`),
  malformed('a NUL at the end', (good) => `${tokenOf(good.url)}\0`),
  malformed('padding that is needed', ({ url }) => `${tokenOf(url + 'A'.repeat((4 - (url.length % 3)) % 3))}==`),
  malformed('padding that is not needed', (good) => `${tokenOf(good.url)}=`),
  malformed('padding in the middle', (good) => `${tokenOf(good.url)}==${body(good)}`),
  malformed('padding alone', () => `${PREFIX}====`),
  malformed('the standard alphabet', (good) => {
    // Three bytes of 0xff or 0xfb need the two characters that differ between the alphabets.
    const bytes = Buffer.concat([Buffer.from(good.url), Buffer.from([0xff, 0xfb, 0xff, 0xfb, 0xff, 0xfb])])
    return `${PREFIX}${bytes.toString('base64').replaceAll('=', '')}`
  }),
  malformed('a slash', (good) => `${tokenOf(good.url)}////`),
  malformed('a plus sign', (good) => `${tokenOf(good.url)}++++`),
  malformed('bits after the last byte', withTrailingBits),
  malformed('one character too many', ({ url }) => `${tokenOf(url + 'A'.repeat((3 - (url.length % 3)) % 3))}A`),
  malformed('one character less', (good) => `${PREFIX}${body(good).slice(1)}`),
  malformed('a letter outside ASCII', (good) => `${tokenOf(good.url)}\u00e9`),
  malformed('full-width letters', (good) => `${PREFIX}\uff41${body(good)}`),
  malformed('half a surrogate pair', (good) => `${tokenOf(good.url)}\ud83d`),
  malformed('the URL as it is', ({ url }) => url),
  malformed('the URL after the prefix', ({ url }) => PREFIX + url),
  malformed('hexadecimal', ({ url }) => PREFIX + Buffer.from(url).toString('hex')),
  malformed('UTF-16', ({ url }) => tokenOf(Buffer.from(url, 'utf16le'))),
  malformed('a byte order mark', ({ url }) => tokenOf(`\ufeff${url}`)),
  malformed('compressed bytes', () => tokenOf(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]))),
  malformed('a JSON Web Token', () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.'),
]
