/** A content coding that a client accepts, with its preference: 0 to 1. */
interface Coding {
  readonly name: string
  readonly quality: number
}

/** Parses one element of Accept-Encoding, such as `gzip;q=0.5`. A wrong quality counts as 0. */
function parseCoding(element: string): Coding {
  const [name = '', parameter] = element.split(';', 2).map((part) => part.trim().toLowerCase())
  if (parameter === undefined) return { name, quality: 1 }
  const quality = parameter.startsWith('q=') ? Number(parameter.slice('q='.length)) : Number.NaN
  return { name, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/**
 * Returns whether an Accept-Encoding prefers gzip to no compression. Of equal preferences no compression wins, so that `*` alone
 * compresses nothing, as in Prometheus' Go client.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding | RFC 9110, 12.5.3}
 */
export function prefersGzip(acceptEncoding: unknown): boolean {
  if (typeof acceptEncoding !== 'string') return false
  const codings = acceptEncoding.split(',').map(parseCoding)
  const qualityOf = (wanted: string): number =>
    Math.max(0, ...codings.flatMap(({ name, quality }) => (name === wanted || name === '*' ? [quality] : [])))
  return qualityOf('gzip') > qualityOf('identity')
}
