import { createInterface } from 'node:readline'
import type { Writer } from '../terminal/writer.ts'

/**
 * Asks a question and reads one line. Returns true for `y` and `yes` in any case, false for anything else, and undefined
 * at the end of input.
 */
export async function confirm(
  question: string,
  { stdin, stderr }: { readonly stdin: NodeJS.ReadableStream; readonly stderr: Writer },
): Promise<boolean | undefined> {
  stderr.prompt(`${question} [y/N] `)
  const lines = createInterface({ input: stdin, terminal: false })
  const answer = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(undefined))
  })
  lines.close()
  if (answer === undefined) {
    stderr.line('')
    return undefined
  }
  return /^y(es)?$/i.test(answer.trim())
}
