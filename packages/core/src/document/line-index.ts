/** The lines of a text. */
export class LineIndex {
  readonly #text: string
  /** The offsets of lines, up to the last one that was needed. */
  readonly #lines: number[] = [0]
  #hasAllLines = false

  constructor(text: string) {
    this.#text = text
  }

  /** The line and column of an offset, from 1. */
  locate(offset: number): { readonly line: number; readonly column: number } {
    this.#findLines(offset)
    let after = this.#lines.length
    // Usually the line that was found last. Otherwise a binary search finds it.
    let line = (this.#lines[after - 2] ?? 0) <= offset ? Math.max(0, after - 2) : 0
    while (after - line > 1) {
      const middle = (line + after) >>> 1
      if ((this.#lines[middle] ?? 0) <= offset) line = middle
      else after = middle
    }
    return { line: line + 1, column: offset - (this.#lines[line] ?? 0) + 1 }
  }

  /** Finds the lines up to an offset. Most locations are requested in order, so the rest of a long document is searched later. */
  #findLines(offset: number): void {
    let last = this.#lines.at(-1) ?? 0
    while (last <= offset && !this.#hasAllLines) {
      last = this.#text.indexOf('\n', last) + 1
      if (last > 0) this.#lines.push(last)
      else this.#hasAllLines = true
    }
  }
}
