/** Stands for every value that a label has no room for. */
export const OTHER = 'other'

/**
 * The values of one label. Values that come from outside would make a time series each: only admitted ones are told apart, and
 * their number is capped.
 */
interface LabelValues {
  /** The value, or `other` if it was not admitted. */
  readonly of: (value: string) => string
  /** Tells a value apart from now on; without effect once the cap is reached. */
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
