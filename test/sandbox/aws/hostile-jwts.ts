import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { jwtClaims, type JwtClaims } from './jwt-claims.ts'
import { signJwt, type SigningAlgorithm, type TokenIssuer } from './token-issuer.ts'

/** A JWT that must not log anybody in. */
export interface HostileJwt {
  readonly name: string
  readonly token: string
  /** The reason of the refusal; null for a foreign token. */
  readonly reason: string | null
}

interface HostileOptions {
  readonly issuer: TokenIssuer
  /** Another account's issuer, which is not trusted. */
  readonly stranger: TokenIssuer
  readonly audience: string
  /** An ARN that is mapped. */
  readonly sub: string
  readonly now: Date
}

type Part = object | string

function encode(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

/** Signs any texts as header and payload. */
function signTexts(header: Part, payload: Part, key: KeyObject, digest: string): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${sign(digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const AWS = 'https://sts.amazonaws.com/'

/** Claims that are wrong although the issuer itself signed them. */
function wrongClaims(
  good: JwtClaims,
  now: Date,
  options: HostileOptions,
): readonly (readonly [string, JwtClaims, string | null])[] {
  const iat = Math.floor(now.getTime() / 1000)
  const { audience, sub, stranger, issuer } = options
  const own = good[AWS]
  const aws = typeof own === 'object' && own !== null ? own : {}
  const without = (name: string): JwtClaims => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))
  const account = sub.split(':')[4] ?? ''
  return [
    ['no exp', without('exp'), 'malformed_token'],
    ['no iat', without('iat'), 'malformed_token'],
    ['no sub', without('sub'), 'malformed_token'],
    ['no aud', without('aud'), 'wrong_audience'],
    ['no iss', without('iss'), null],
    ['no claim of AWS', without(AWS), 'malformed_token'],
    ['expired', { ...good, iat: iat - 1000, exp: iat - 61 }, 'expired'],
    ['expires at the time of signing', { ...good, exp: iat }, 'malformed_token'],
    ['expires before its signing', { ...good, iat: iat + 30, exp: iat + 10 }, 'malformed_token'],
    ['lives longer than an hour', { ...good, exp: iat + 3601 }, 'malformed_token'],
    ['lives a year', { ...good, exp: iat + 31_536_000 }, 'malformed_token'],
    ['signed in the future', { ...good, iat: iat + 120, exp: iat + 300 }, 'clock_ahead'],
    ['not valid yet', { ...good, nbf: iat + 120 }, 'clock_ahead'],
    ['nbf is a text', { ...good, nbf: 'now' }, 'malformed_token'],
    ['exp is a text', { ...good, exp: String(iat + 900) }, 'malformed_token'],
    ['iat is a text', { ...good, iat: String(iat) }, 'malformed_token'],
    ['exp is a list', { ...good, exp: [iat + 900] }, 'malformed_token'],
    ['exp is true', { ...good, exp: true }, 'malformed_token'],
    ['exp is null', { ...good, exp: null }, 'malformed_token'],
    ['negative times', { ...good, iat: -1, exp: 899 }, 'expired'],
    ['negative exp', { ...good, exp: -iat }, 'expired'],
    ['exp in milliseconds', { ...good, exp: (iat + 900) * 1000 }, 'malformed_token'],
    ['another audience', { ...good, aud: `${audience}.example` }, 'wrong_audience'],
    ['audience in other letters', { ...good, aud: audience.toUpperCase() }, 'wrong_audience'],
    ['audience with a blank', { ...good, aud: `${audience} ` }, 'wrong_audience'],
    ['audiences in one text', { ...good, aud: `a,${audience}` }, 'wrong_audience'],
    ['audience is an empty text', { ...good, aud: '' }, 'wrong_audience'],
    ['audiences are an empty list', { ...good, aud: [] }, 'wrong_audience'],
    ['audience in a list in a list', { ...good, aud: [[audience]] }, 'wrong_audience'],
    ['audience beside a number', { ...good, aud: [audience, 1] }, 'malformed_token'],
    ['audience as a key', { ...good, aud: { [audience]: audience } }, 'wrong_audience'],
    ['audience beside ten others', { ...good, aud: [...Array.from('0123456789'), audience] }, 'malformed_token'],
    ['issuer with a slash at its end', { ...good, iss: `${issuer.url}/` }, 'untrusted_issuer'],
    ['issuer in upper case', { ...good, iss: issuer.url.toUpperCase() }, 'untrusted_issuer'],
    ['issuer with a port', { ...good, iss: `${issuer.url}:443` }, 'untrusted_issuer'],
    ['issuer without https', { ...good, iss: issuer.url.replace('https:', 'http:') }, 'untrusted_issuer'],
    ['issuer of another account', { ...good, iss: stranger.url }, 'untrusted_issuer'],
    ['issuer below another domain', { ...good, iss: `${issuer.url}.example.com` }, 'untrusted_issuer'],
    ['issuer is a list', { ...good, iss: [issuer.url] }, null],
    ['sub of another account', { ...good, sub: sub.replace(account, '999999999999') }, 'malformed_token'],
    [
      'all of another account',
      { ...good, sub: sub.replace(account, '999999999999'), [AWS]: { ...aws, aws_account: '999999999999' } },
      'untrusted_account',
    ],
    ['aws_account is a number', { ...good, [AWS]: { ...aws, aws_account: Number(account) } }, 'malformed_token'],
    ['aws_account with a blank', { ...good, [AWS]: { ...aws, aws_account: `${account} ` } }, 'malformed_token'],
    ['aws_account at the top', { ...without(AWS), aws_account: account }, 'malformed_token'],
    [
      'sub is the ARN of a session',
      { ...good, sub: `arn:aws:sts::${account}:assumed-role/Admin/eve` },
      'malformed_token',
    ],
    ['sub is root', { ...good, sub: `arn:aws:iam::${account}:root` }, 'unsupported_identity'],
    ['sub is a federated user', { ...good, sub: `arn:aws:sts::${account}:federated-user/eve` }, 'unsupported_identity'],
    [
      'sub is of another partition',
      { ...good, sub: sub.replace('arn:aws:', 'arn:aws-us-gov:') },
      'unsupported_identity',
    ],
    ['sub is of an unknown partition', { ...good, sub: sub.replace('arn:aws:', 'arn:aws-x:') }, 'unsupported_identity'],
    ['sub has a region', { ...good, sub: sub.replace('iam::', 'iam:eu-west-2:') }, 'malformed_token'],
    ['sub in upper case', { ...good, sub: sub.toUpperCase() }, 'malformed_token'],
    ['sub with a line break', { ...good, sub: `${sub}\n` }, 'malformed_token'],
    ['sub with a null byte', { ...good, sub: `${sub}\0` }, 'malformed_token'],
    ['sub without a name', { ...good, sub: `arn:aws:iam::${account}:role/` }, 'malformed_token'],
    ['sub is a list', { ...good, sub: [sub] }, 'malformed_token'],
    ['sub is empty', { ...good, sub: '' }, 'malformed_token'],
    [
      'source_identity with a colon',
      { ...good, [AWS]: { ...aws, source_identity: 'system:masters' } },
      'malformed_token',
    ],
    ['principal_tags is a list', { ...good, [AWS]: { ...aws, principal_tags: ['team'] } }, 'malformed_token'],
    ['principal_tags with a number', { ...good, [AWS]: { ...aws, principal_tags: { team: 1 } } }, 'malformed_token'],
  ]
}

/** Tokens whose header or signature is wrong. */
function wrongSignatures(
  good: JwtClaims,
  { issuer, stranger }: HostileOptions,
): readonly (readonly [string, string, string | null])[] {
  const rsa = issuer.keys.find(({ algorithm }) => algorithm === 'RS256')
  const ec = issuer.keys.find(({ algorithm }) => algorithm === 'ES384')
  if (rsa === undefined || ec === undefined) throw new TypeError('the issuer has no keys')
  const es384 = { alg: 'ES384', kid: ec.kid }
  const rs256 = { alg: 'RS256', kid: rsa.kid }
  const own = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const ownRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const byOwn = (header: object): string => signTexts({ ...es384, ...header }, good, own.privateKey, 'sha384')
  const byRight = (header: Part, payload: Part = good): string => signTexts(header, payload, ec.privateKey, 'sha384')
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
  const hmac = (header: object, digest: string): string => {
    const input = `${encode(header)}.${encode(good)}`
    return `${input}.${createHmac(digest, pem).update(input).digest('base64url')}`
  }
  const right = issuer.sign(good)
  const [head = '', body = '', signature = ''] = right.split('.')
  const jwk = own.publicKey.export({ format: 'jwk' })
  const claimsText = JSON.stringify(good)
  const again = (name: string, value: string): string =>
    `${claimsText.slice(0, -1)},"${name}":${JSON.stringify(value)}}`
  const evil: readonly (readonly [string, string, string | null])[] = [
    ['alg none without a signature', `${encode({ alg: 'none' })}.${encode(good)}.`, 'malformed_token'],
    ['alg none with a signature', `${encode({ alg: 'none', kid: ec.kid })}.${body}.${signature}`, 'malformed_token'],
    ['alg None', `${encode({ alg: 'None', kid: ec.kid })}.${body}.${signature}`, 'malformed_token'],
    ['alg empty', `${encode({ alg: '', kid: ec.kid })}.${body}.${signature}`, 'malformed_token'],
    ['no alg', `${encode({ kid: ec.kid })}.${body}.${signature}`, 'malformed_token'],
    ['alg is a list', `${encode({ alg: ['ES384'], kid: ec.kid })}.${body}.${signature}`, 'malformed_token'],
    ['HS256 with the public key', hmac({ alg: 'HS256', kid: rsa.kid }, 'sha256'), 'malformed_token'],
    ['HS384 with the public key', hmac({ alg: 'HS384', kid: ec.kid }, 'sha384'), 'malformed_token'],
    ['HS256 that calls itself RS256', hmac(rs256, 'sha256'), 'bad_signature'],
    ['RS384', signTexts({ ...rs256, alg: 'RS384' }, good, rsa.privateKey, 'sha384'), 'malformed_token'],
    ['PS256', `${encode({ ...rs256, alg: 'PS256' })}.${body}.${signature}`, 'malformed_token'],
    ['ES256 with P-256', signTexts({ alg: 'ES256', kid: ec.kid }, good, p256.privateKey, 'sha256'), 'malformed_token'],
    ['P-256 that calls itself ES384', signTexts(es384, good, p256.privateKey, 'sha384'), 'bad_signature'],
    ['alg in lower case', byRight({ alg: 'es384', kid: ec.kid }), 'malformed_token'],
    ['EC signature that calls itself RS256', signTexts(rs256, good, ec.privateKey, 'sha384'), 'bad_signature'],
    ['RSA signature that calls itself ES384', signTexts(es384, good, rsa.privateKey, 'sha256'), 'bad_signature'],
    ['kid of the RSA key with ES384', byRight({ alg: 'ES384', kid: rsa.kid }), 'unknown_signing_key'],
    [
      'kid of the EC key with RS256',
      signTexts({ alg: 'RS256', kid: ec.kid }, good, rsa.privateKey, 'sha256'),
      'unknown_signing_key',
    ],
    ['key of an attacker, right kid', byOwn({}), 'bad_signature'],
    ['RSA key of an attacker, right kid', signTexts(rs256, good, ownRsa.privateKey, 'sha256'), 'bad_signature'],
    ['key of another issuer', signJwt(es384, good, 'ES384', keyOf(stranger, 'ES384')), 'bad_signature'],
    ['key in the header (jwk)', byOwn({ jwk }), 'malformed_token'],
    ['URL of keys in the header (jku)', byOwn({ jku: `${stranger.url}/.well-known/jwks.json` }), 'malformed_token'],
    ['URL of a certificate in the header (x5u)', byOwn({ x5u: `${stranger.url}/x.pem` }), 'malformed_token'],
    ['certificate in the header (x5c)', byOwn({ x5c: ['MIIB'] }), 'malformed_token'],
    ['right signature with jku', byRight({ ...es384, jku: issuer.url }), 'malformed_token'],
    ['critical header', byRight({ ...es384, crit: ['exp'] }), 'malformed_token'],
    ['unencoded payload (b64)', byRight({ ...es384, b64: false }), 'malformed_token'],
    ['compressed (zip)', byRight({ ...es384, zip: 'DEF' }), 'malformed_token'],
    ['nested JWT', byRight({ ...es384, cty: 'JWT' }, right), 'malformed_token'],
    ['nested JWT as text', byRight(es384, JSON.stringify(right)), 'malformed_token'],
    ['no kid', byRight({ alg: 'ES384' }), 'malformed_token'],
    ['empty kid', byRight({ alg: 'ES384', kid: '' }), 'malformed_token'],
    ['kid is a number', byRight({ alg: 'ES384', kid: 0 }), 'malformed_token'],
    ['kid is a path', byRight({ alg: 'ES384', kid: '../../../dev/null' }), 'unknown_signing_key'],
    ['kid with SQL', byRight({ alg: 'ES384', kid: "x' UNION SELECT 'key" }), 'unknown_signing_key'],
    ['kid is __proto__', byRight('{"alg":"ES384","kid":"__proto__"}'), 'unknown_signing_key'],
    ['kid in lower case', byRight({ alg: 'ES384', kid: ec.kid.toLowerCase() }), 'unknown_signing_key'],
    ['kid of 129 characters', byRight({ alg: 'ES384', kid: 'k'.repeat(129) }), 'malformed_token'],
    ['kid with a blank', byRight({ alg: 'ES384', kid: `${ec.kid} ` }), 'unknown_signing_key'],
    ['alg twice', byRight(`{"alg":"none","kid":"${ec.kid}","alg":"ES384"}`), 'malformed_token'],
    ['sub twice', byRight(es384, again('sub', 'arn:aws:iam::111122223333:role/Other')), 'malformed_token'],
    ['aud twice', byRight(es384, again('aud', 'other')), 'malformed_token'],
    ['iss twice', byRight(es384, again('iss', stranger.url)), 'malformed_token'],
    ['sub twice, once escaped', byRight(es384, claimsText.replace('{', '{"s\\u0075b":"x",')), 'malformed_token'],
    [
      'aws_account twice',
      byRight(es384, claimsText.replace('"aws_account"', '"aws_account":"1","aws_account"')),
      'malformed_token',
    ],
    ['header is a list', byRight('[]'), null],
    ['payload is null', byRight(es384, 'null'), 'malformed_token'],
    [
      'payload is not UTF-8',
      `${head}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${signature}`,
      'malformed_token',
    ],
    ['payload with a byte order mark', byRight(es384, `\ufeff${claimsText}`), 'malformed_token'],
    ['payload with a comma at its end', byRight(es384, claimsText.replace(/\}$/, ',}')), 'malformed_token'],
    ['exp is 1e999', byRight(es384, claimsText.replace(/"exp":\d+/, '"exp":1e999')), 'malformed_token'],
    ['no signature', `${head}.${body}.`, 'malformed_token'],
    ['signature of zeros', `${head}.${body}.${Buffer.alloc(96).toString('base64url')}`, 'bad_signature'],
    [
      'signature in DER',
      `${head}.${body}.${sign('sha384', Buffer.from(`${head}.${body}`), ec.privateKey).toString('base64url')}`,
      'bad_signature',
    ],
    ['signature with a byte more', `${head}.${body}.${signature}AAAA`, 'bad_signature'],
    ['signature with padding', `${right}==`, 'malformed_token'],
    ['signature in base64', `${head}.${body}.+${signature.slice(1)}`, 'malformed_token'],
    ['header with padding', `${head}=.${body}.${signature}`, 'malformed_token'],
    ['line break at its end', `${right}\n`, 'malformed_token'],
    ['huge', byRight(es384, { ...good, x: 'x'.repeat(20_000) }), 'malformed_token'],
    ['deeply nested', byRight(es384, `{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`), 'malformed_token'],
    ['four segments', `${right}.x`, null],
    ['two segments', `${head}.${body}`, null],
    ['encrypted (five segments)', `${head}.${body}.${signature}.${body}.${signature}`, null],
    ['without its first letter', right.slice(1), null],
  ]
  return evil
}

function keyOf(issuer: TokenIssuer, wanted: SigningAlgorithm): KeyObject {
  const key = issuer.keys.find(({ algorithm }) => algorithm === wanted)
  if (key === undefined) throw new TypeError(`the issuer has no key for ${wanted}`)
  return key.privateKey
}

/** JWTs that must not log anybody in, by name. */
export function hostileJwts(options: HostileOptions): readonly HostileJwt[] {
  const { issuer, audience, sub, now } = options
  const good = jwtClaims({ issuer: issuer.url, audience, sub, now })
  const claims = wrongClaims(good, now, options).map(([name, wrong, reason]) => ({
    name,
    token: issuer.sign(wrong),
    reason,
  }))
  const others = wrongSignatures(good, options).map(([name, token, reason]) => ({ name, token, reason }))
  return [...claims, ...others]
}
