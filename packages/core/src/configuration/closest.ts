/** The number of letters to insert, delete or replace to make one word of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, letter] of Array.from(a).entries()) {
    const current = [row + 1]
    for (const [column, other] of Array.from(b).entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous.at(-1) ?? 0
}

/** A hint such as ` (did you mean mapRoles?)` where one of the names is close to what was written, else nothing. */
export function didYouMean(written: string, names: Iterable<string>): string {
  const lower = written.toLowerCase().slice(0, 64)
  const near = [...names]
    .map((name) => ({ name, far: distance(lower, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(1, Math.floor(name.length / 4)))
    .sort((a, b) => a.far - b.far)[0]
  return near === undefined ? '' : ` (did you mean ${near.name}?)`
}
