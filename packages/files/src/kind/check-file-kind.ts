import { statSync, type Stats } from 'node:fs'
import { INHERITED, kindFault, UnreadableFile } from './file-kind.ts'

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/**
 * Checks the path of a file that a library reads, which would wait for a FIFO without end. A path that can't be examined is
 * left to the library.
 *
 * @throws {UnreadableFile} `ENOTREG`; the message names the path.
 */
export function checkFileKind(path: string): void {
  const stats = INHERITED.test(path) ? undefined : statOf(path)
  const fault = stats === undefined ? undefined : kindFault(stats)
  if (fault !== undefined) throw new UnreadableFile('ENOTREG', `can't read ${path}: ${fault}`)
}
