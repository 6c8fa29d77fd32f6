/** The API server waits as long as it is told while a person waits for it: longer than this helps nobody. */
const MAX_SECONDS = 10

/**
 * The seconds of a Retry-After header (RFC 9110 section 10.2.3), from 1 to 10; 1 where it is not there or is a date.
 */
export function readRetryAfter(header: string | string[] | undefined): number {
  const seconds = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 1
  return Math.min(MAX_SECONDS, Math.max(1, seconds))
}
