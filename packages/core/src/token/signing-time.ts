import { Refusal } from '../errors/reasons.ts'

const MINUTE_MS = 60_000

/** How long STS honours a presigned URL after its X-Amz-Date, whatever its X-Amz-Expires says. */
export const PRESIGNED_URL_LIFETIME_MS: number = 15 * MINUTE_MS

const MAX_AHEAD_MS = 5 * MINUTE_MS

const ISO_BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/

/** Reads an ISO 8601 basic timestamp (`20240131T235959Z`), which must be a date that exists. */
function parseBasicTimestamp(text: string): Date | null {
  const match = ISO_BASIC.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  const extended = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const date = new Date(`${extended}Z`)
  // Date takes the 31st of April for the 1st of May; the round trip finds it out.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(extended) ? date : null
}

/** More than one: the least that is told is what is allowed. */
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
