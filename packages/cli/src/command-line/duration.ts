const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])
const DURATION = /^(?:\d{1,9}(?:ms|s|m|h))+$/
const PART = /(\d{1,9})(ms|s|m|h)/g

/**
 * Parses a duration in Go's notation, such as `1m30s`. `0` needs no unit.
 *
 * @returns Milliseconds, or undefined if the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!DURATION.test(text)) return undefined
  const parts = [...text.matchAll(PART)].map(([, count, unit = '']) => Number(count) * (UNITS.get(unit) ?? 0))
  return parts.reduce((sum, part) => sum + part, 0)
}
