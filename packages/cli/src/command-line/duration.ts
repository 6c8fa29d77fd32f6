const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])
const DURATION = /^(?:\d{1,9}(?:ms|s|m|h))+$/
const PART = /(\d{1,9})(ms|s|m|h)/g

/** Reads a duration as Go and Kubernetes write it, `1m30s`, in milliseconds; `0` needs no unit. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!DURATION.test(text)) return undefined
  const parts = [...text.matchAll(PART)].map(([, count, unit = '']) => Number(count) * (UNITS.get(unit) ?? 0))
  return parts.reduce((sum, part) => sum + part, 0)
}
