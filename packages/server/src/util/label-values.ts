/** The label value that replaces values that were not admitted. */
export const OTHER = 'other'

/**
 * The values of one label. Each value creates a time series, so that values from outside must be limited: only admitted ones are
 * distinguished, and their number is capped.
 */
interface LabelValues {
  /** Returns the value, or `other` if it was not admitted. */
  readonly of: (value: string) => string
  /** Admits a value, unless the cap is reached. */
  readonly admit: (value: string) => void
}

/**
 * @param max The cap, without `other`.
 * @param known Values that are admitted from the start.
 */
export function createLabelValues(max: number, known: Iterable<string> = []): LabelValues {
  const admitted = new Set<string>()
  const admit = (value: string): void => {
    if (admitted.size < max) admitted.add(value)
  }
  for (const value of known) admit(value)
  return { of: (value) => (admitted.has(value) ? value : OTHER), admit }
}
