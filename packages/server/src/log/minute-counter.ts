/** The time between two log lines, in milliseconds. */
const EVERY_MS = 60_000

/**
 * Counts events of one kind, so that the log has one line per minute for all of them.
 *
 * @param now Monotonic time in milliseconds.
 * @returns Counts one event. It returns the number of events since the last line; null if no line is due or `mayLog` returns false.
 */
export function createMinuteCounter(now: () => number): (mayLog?: () => boolean) => number | null {
  let unlogged = 0
  let nextLineAt = -Infinity
  return (mayLog = () => true) => {
    unlogged += 1
    if (now() < nextLineAt || !mayLog()) return null
    const count = unlogged
    unlogged = 0
    nextLineAt = now() + EVERY_MS
    return count
  }
}
