import { parseJson } from '@aws-iam-authenticator/core/document/parse-json'
import type { TreeNode } from '@aws-iam-authenticator/core/document/tree'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { MAX_TOKEN_LENGTH } from '@aws-iam-authenticator/core/token/codec'
import { isRecord, parseJsonValue, textAt } from '@aws-iam-authenticator/core/untrusted'

/** The algorithms of AWS-signed JWTs (RFC 7518 section 3.1). */
export type SigningAlgorithm = 'RS256' | 'ES384'

/** A JWT whose form is checked, and whose signature is not. */
export interface UnverifiedJwt {
  readonly algorithm: SigningAlgorithm
  readonly kid: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** A segment of a JWT: base64url without padding (RFC 7515 section 2). */
const SEGMENT = /^[\w-]+$/
const MAX_KID_LENGTH = 128

/** Header parameters that bring a key of their own, or change how the rest is read. AWS sends none of them. */
const FORBIDDEN = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'enc']

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns whether a bearer token has the form of a JWT that is signed: three segments with dots between them. */
export function looksLikeJwt(token: string): boolean {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  return token.startsWith('ey') && first > 0 && second > 0 && token.indexOf('.', second + 1) < 0
}

/** The bytes of a segment; null if it is not in the canonical encoding, in which each value has one text. */
function decodeSegment(segment: string): Buffer | null {
  if (!SEGMENT.test(segment)) return null
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}

/** Returns whether a key is there twice. Parsers differ in which of the two counts. */
function hasDuplicate(node: TreeNode | null): boolean {
  if (node?.kind === 'list') return node.items.some(hasDuplicate)
  if (node?.kind !== 'map') return false
  const keys = new Set(node.pairs.map(({ key }) => key))
  return keys.size < node.pairs.length || node.pairs.some(({ value }) => hasDuplicate(value))
}

/** The JSON object in a segment; null if there is none. */
function readObject(segment: string): Readonly<Record<string, unknown>> | null {
  const bytes = decodeSegment(segment)
  if (bytes === null) return null
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return null
  }
  const value = parseJsonValue(text)
  const { contents, error } = parseJson(text)
  return isRecord(value) && error === null && !hasDuplicate(contents) ? value : null
}

function malformed(message: string): Refusal {
  return new Refusal('malformed_token', message)
}

function readAlgorithm(value: unknown): SigningAlgorithm | null {
  return value === 'RS256' || value === 'ES384' ? value : null
}

/** Reads a JWT in compact serialization (RFC 7515 section 7.1) without verifying its signature. */
export function readJwt(token: string): UnverifiedJwt | Refusal {
  if (token.length > MAX_TOKEN_LENGTH) {
    return malformed(`the JWT is too large: ${token.length} bytes, at most ${MAX_TOKEN_LENGTH} are taken`)
  }
  const [first = '', second = '', third = '', ...others] = token.split('.')
  const header = readObject(first)
  const claims = readObject(second)
  if (header === null || claims === null || decodeSegment(third) === null || others.length > 0) {
    return malformed('the JWT is not three segments of base64url, two of them with a JSON object whose keys differ')
  }
  const algorithm = readAlgorithm(header['alg'])
  if (algorithm === null) return malformed('the alg of the JWT is neither RS256 nor ES384')
  const forbidden = FORBIDDEN.find((name) => Object.hasOwn(header, name))
  if (forbidden !== undefined) return malformed(`the header of the JWT has ${forbidden}, which AWS does not send`)
  const kid = textAt(header, 'kid')
  if (kid === undefined || kid === '' || kid.length > MAX_KID_LENGTH) {
    return malformed('the header of the JWT has no kid, which names the key')
  }
  return { algorithm, kid, claims }
}
