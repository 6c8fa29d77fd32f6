import { createHash } from 'node:crypto'

/** The parts of a request that its signature covers. */
export interface SignedParts {
  readonly method: string
  /** As in the request line, percent-encoded once. */
  readonly path: string
  /** As in the request line, without the parameter X-Amz-Signature. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** Names of the signed headers. */
  readonly signedHeaders: readonly string[]
  /** Lower-case hexadecimal SHA-256 of the body, or a placeholder. */
  readonly payloadHash: string
}

/**
 * Step 1 of Signature Version 4: the canonical spelling of a request that both sides compute.
 *
 * @throws URIError for a query with broken percent-encoding
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
 */
export function canonicalRequest(parts: SignedParts): string {
  const names = parts.signedHeaders.map((name) => name.toLowerCase()).sort()
  return [
    parts.method,
    canonicalUri(parts.path),
    canonicalQuery(parts.query),
    ...names.map((name) => `${name}:${canonicalValue(parts.headers.get(name) ?? '')}`),
    '',
    names.join(';'),
    parts.payloadHash,
  ].join('\n')
}

/** Encodes every byte except the unreserved characters of RFC 3986, section 2.3. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Lower-case hexadecimal SHA-256. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** All services except S3 encode the path of the request line once more. */
function canonicalUri(path: string): string {
  return path.split('/').map(uriEncode).join('/')
}

/** `+` is a plus sign here, not a space: the service interprets parameters, the signature does not. */
function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((parameter) => parameter !== '')
    .map((parameter) => {
      const [name = '', ...value] = parameter.split('=')
      return [name, value.join('=')].map((part) => uriEncode(decodeURIComponent(part)))
    })
    .sort(([name = '', value = ''], [otherName = '', otherValue = '']) =>
      name === otherName ? compare(value, otherValue) : compare(name, otherName),
    )
    .map((parameter) => parameter.join('='))
    .join('&')
}

/** By code unit, which is by byte for encoded text, independent of the locale. */
function compare(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, ' ')
}
