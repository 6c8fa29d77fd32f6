const at = (row: readonly number[], column: number): number => row[column] ?? 0

/** The edit distance of two words without their common start and end. */
function distanceOfRest(a: string, b: string): number {
  let before: readonly number[] = []
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped =
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? at(before, column - 2) + 1 : Infinity
      current.push(Math.min(replaced, swapped, at(previous, column) + 1, at(current, column - 1) + 1))
    }
    before = previous
    previous = current
  }
  return at(previous, b.length)
}

/** The edit distance of two words: insertions, deletions, replacements and swaps of adjacent letters. */
export function distance(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  let start = 0
  while (start < shorter && a[start] === b[start]) start += 1
  let end = 0
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1
  return distanceOfRest(a.slice(start, a.length - end), b.slice(start, b.length - end))
}

/** The maximum edit distance of a name that is suggested. */
function allowed(name: string): number {
  return Math.max(1, Math.floor(name.length / 4))
}

/** A hint such as ` (did you mean mapRoles?)` if a name is similar to the written one; otherwise an empty string. */
export function didYouMean(written: string, names: Iterable<string>): string {
  const lower = written.toLowerCase().slice(0, 64)
  const near = [...names]
    .filter((name) => Math.abs(name.length - lower.length) <= allowed(name))
    .map((name) => ({ name, far: distance(lower, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= allowed(name))
    .sort((a, b) => a.far - b.far)[0]
  return near === undefined ? '' : ` (did you mean ${near.name}?)`
}
