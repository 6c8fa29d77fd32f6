import { Refusal } from '../errors/reasons.ts'

const MINUTE_MS = 60_000

/** The time after X-Amz-Date in which STS accepts a presigned URL, regardless of X-Amz-Expires. */
export const PRESIGNED_URL_LIFETIME_MS: number = 15 * MINUTE_MS

const MAX_AHEAD_MS = 5 * MINUTE_MS

const ISO_BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/

/** Reads an ISO 8601 basic timestamp (`20240131T235959Z`). Null if the date does not exist. */
function parseBasicTimestamp(text: string): Date | null {
  const match = ISO_BASIC.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  const extended = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const date = new Date(`${extended}Z`)
  // Date reads April 31 as May 1. The round trip detects that.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(extended) ? date : null
}

/** A duration in minutes. Always plural, because callers pass at least 5 minutes. */
function minutes(ms: number): string {
  return `${Math.round(ms / MINUTE_MS)} minutes`
}

/** Checks X-Amz-Date against this server's clock. */
export function checkSigningTime(text: string | undefined, now: Date): Date | Refusal {
  if (text === undefined) return new Refusal('malformed_token', 'X-Amz-Date parameter must be present')
  const signedAt = parseBasicTimestamp(text)
  if (signedAt === null) return new Refusal('malformed_token', 'X-Amz-Date is not of the form 20060102T150405Z')
  const age = now.getTime() - signedAt.getTime()
  if (!(age <= PRESIGNED_URL_LIFETIME_MS)) {
    return new Refusal('expired', `X-Amz-Date parameter is expired (15 minute expiration): signed ${minutes(age)} ago`)
  }
  if (-age > MAX_AHEAD_MS) {
    return new Refusal(
      'clock_ahead',
      `X-Amz-Date is ${minutes(-age)} ahead of this server's clock (5 minutes are allowed): set the clock of one of the two right`,
    )
  }
  return signedAt
}
