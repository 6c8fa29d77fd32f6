// AWS and the server of the cluster tolerate 5 minutes. A Date header is accurate to a few seconds.
const OFF_MS = 60_000

/** True if this machine's clock differs from AWS's by a minute or more, so that AWS rejects signatures or soon will. */
export function isClockOff(offset: number): boolean {
  return Math.abs(offset) >= OFF_MS
}

/** Describes this machine's clock for a message, to follow "is". `offset` is how far AWS's clock is ahead, in milliseconds. */
export function clockDifference(offset: number): string {
  const minutes = Math.max(1, Math.round(Math.abs(offset) / 60_000))
  return `${minutes} minute${minutes === 1 ? '' : 's'} ${offset > 0 ? 'behind' : 'ahead of'} AWS`
}
