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
 * Checks the path of a file before a library reads it, which would wait forever for a FIFO. Ignores a path that can't be
 * examined: the library reports its error.
 *
 * @throws {UnreadableFile} `ENOTREG`; the message names the path.
 */
export function checkFileKind(path: string): void {
  const stats = INHERITED.test(path) ? undefined : statOf(path)
  const fault = stats === undefined ? undefined : kindFault(stats)
  if (fault !== undefined) throw new UnreadableFile('ENOTREG', `can't read ${path}: ${fault}`)
}
