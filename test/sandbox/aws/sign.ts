import { canonicalRequest, sha256Hex, uriEncode } from './canonical-request.ts'
import { amzDate } from './sigv4.ts'
import { signature, signingKey } from './signing-key.ts'
import { ALGORITHM, scopeText, stringToSign } from './string-to-sign.ts'

/** The key, region and time that a test's client signs with. */
export interface Signer {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly region: string
  readonly service: string
  readonly date: Date
}

/** A request without its signature. */
export interface Unsigned {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Names in lower case; all of them are signed. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** The whole query string of a presigned URL; the signature is the last parameter. */
export function presign(request: Unsigned, signer: Signer): string {
  const headers = new Map([...request.headers, ['host', request.host]])
  const signedHeaders = [...headers.keys()].sort()
  const query = encodeQuery([
    ...request.query,
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${signer.accessKeyId}/${scopeText(scopeOf(signer))}`],
    ['X-Amz-Date', amzDate(signer.date)],
    ['X-Amz-Expires', '60'],
    ...(signer.sessionToken === undefined ? [] : [['X-Amz-Security-Token', signer.sessionToken] as const]),
    ['X-Amz-SignedHeaders', signedHeaders.join(';')],
  ])
  return `${query}&X-Amz-Signature=${sign({ ...request, headers, query }, signedHeaders, signer)}`
}

/** The headers of a signed request: those given, `host`, `x-amz-date`, `authorization` and the session token, if any. */
export function signHeaders(request: Unsigned, signer: Signer): ReadonlyMap<string, string> {
  const headers = new Map([...request.headers, ['host', request.host], ['x-amz-date', amzDate(signer.date)]])
  if (signer.sessionToken !== undefined) headers.set('x-amz-security-token', signer.sessionToken)
  const signedHeaders = [...headers.keys()].sort()
  const value = sign({ ...request, headers, query: encodeQuery(request.query) }, signedHeaders, signer)
  const credential = `${signer.accessKeyId}/${scopeText(scopeOf(signer))}`
  return headers.set(
    'authorization',
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${value}`,
  )
}

/** Percent-encoded and in the given order, for a query string or a form. */
export function encodeQuery(parameters: Unsigned['query']): string {
  return parameters.map((parameter) => parameter.map(uriEncode).join('=')).join('&')
}

function sign(
  request: Omit<Unsigned, 'query'> & { readonly query: string },
  signedHeaders: readonly string[],
  signer: Signer,
): string {
  const scope = scopeOf(signer)
  const canonical = canonicalRequest({ ...request, signedHeaders, payloadHash: sha256Hex(request.body) })
  return signature(signingKey(signer.secretAccessKey, scope), stringToSign(amzDate(signer.date), scope, canonical))
}

function scopeOf({ date, region, service }: Signer): { day: string; region: string; service: string } {
  return { day: amzDate(date).slice(0, 8), region, service }
}
