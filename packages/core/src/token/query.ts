import { Refusal } from '../errors/reasons.ts'

/** The query parameters of a presigned STS URL, in lower case. */
const PARAMETERS = [
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
] as const

type QueryParameter = (typeof PARAMETERS)[number]

const known: ReadonlySet<string> = new Set(PARAMETERS)

function isKnown(name: string): name is QueryParameter {
  return known.has(name)
}

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
const ENCODED = /[%+]/

/** Decodes a value. Null if it is badly encoded or not printable ASCII, whose letters have one other case and no look-alikes. */
function decodeValue(value: string): string | null {
  try {
    const decoded = ENCODED.test(value) ? decodeURIComponent(value.replaceAll('+', ' ')) : value
    return PRINTABLE_ASCII.test(decoded) ? decoded : null
  } catch {
    return null
  }
}

/**
 * Reads the query of a presigned URL. Only known names are accepted, each at most once regardless of case.
 *
 * With a second parameter whose name differed only in case, a client could choose the access key id that the server read while STS verified
 * another one (CVE-2022-2385). Names are compared without decoding: a percent-encoded name is unknown, so an encoding can't hide a second
 * parameter.
 */
export function parseQuery(query: string): ReadonlyMap<QueryParameter, string> | Refusal {
  if (query.includes(';')) return new Refusal('malformed_token', 'the query has a semicolon as a separator')
  const parameters = new Map<QueryParameter, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    if (equals < 0) return new Refusal('malformed_token', 'a query parameter has no value')
    const name = part.slice(0, equals).toLowerCase()
    if (!isKnown(name))
      return new Refusal('malformed_token', 'the query has a parameter that is not in the list of allowed ones')
    if (parameters.has(name)) return new Refusal('malformed_token', `the query parameter ${name} is there twice`)
    const value = decodeValue(part.slice(equals + 1))
    if (value === null)
      return new Refusal('malformed_token', `the query parameter ${name} is badly percent-encoded or not ASCII`)
    parameters.set(name, value)
  }
  return parameters
}
