/** The API server waits for this time while a person waits for the API server. */
const MAX_SECONDS = 10

/** Reads the seconds of a Retry-After header (RFC 9110, section 10.2.3), from 1 to 10. A missing header and a date count as 1. */
export function readRetryAfter(header: string | string[] | undefined): number {
  const seconds = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 1
  return Math.min(MAX_SECONDS, Math.max(1, seconds))
}
