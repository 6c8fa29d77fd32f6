import type { Test } from 'tap'
import { document, section, tableRows } from '../../docs/documents.ts'

/** The verdicts that commands of this process printed, with equal numbers. */
const printed: string[] = []

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, '0')
}

export function notePrinted(verdict: string): void {
  printed.push(withoutNumbers(verdict))
}

/**
 * Asserts that a command printed the verdicts in the last column of a table, where … stands for any text.
 *
 * @param causes The rows, by their first column.
 */
export function arePrinted(t: Test, path: string, heading: string, causes: readonly string[]): void {
  const rows = tableRows(section(document(path), heading)).filter(([cause = '']) => causes.includes(cause))
  t.equal(rows.length, causes.length, `${path} has the rows`)
  for (const [cause, verdict = ''] of rows) {
    const parts = withoutNumbers(verdict)
      .split('…')
      .map((part) => part.trim())
    const isSaid = (text: string): boolean =>
      text.startsWith(parts[0] ?? '') && parts.every((part) => text.includes(part))
    t.ok(printed.some(isSaid), `${cause}: ${verdict}`)
  }
}
