// AWS and the server of the cluster allow for 5 minutes; a Date header and the way here blur a few seconds.
const OFF_MS = 60_000

/** Whether this machine's clock is so far from AWS's that signatures suffer, or soon will. */
export function isClockOff(offset: number): boolean {
  return Math.abs(offset) >= OFF_MS
}

/** How this machine's clock stands to AWS's, which is ahead by `offset` ms, in words that follow "is". */
export function clockDifference(offset: number): string {
  const minutes = Math.max(1, Math.round(Math.abs(offset) / 60_000))
  return `${minutes} minute${minutes === 1 ? '' : 's'} ${offset > 0 ? 'behind' : 'ahead of'} AWS`
}
