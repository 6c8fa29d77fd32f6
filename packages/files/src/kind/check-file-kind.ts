import { statSync, type Stats } from 'node:fs'
import { INHERITED, kindFault, MAX_FILE_BYTES, UnreadableFile } from './file-kind.ts'

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/**
 * Checks the kind and the size of a file before a library reads it, which would wait forever for a FIFO. Ignores a path that can't be
 * examined: the library reports its error.
 *
 * @param maxBytes Maximum size, in bytes.
 * @throws {UnreadableFile} `ENOTREG` or `EFBIG`; the message names the path.
 */
export function checkFileKind(path: string, maxBytes: number = MAX_FILE_BYTES): void {
  const stats = INHERITED.test(path) ? undefined : statOf(path)
  const fault = stats === undefined ? undefined : kindFault(stats)
  if (fault !== undefined) throw new UnreadableFile('ENOTREG', `can't read ${path}: ${fault}`)
  if (stats !== undefined && stats.size > maxBytes) {
    throw new UnreadableFile('EFBIG', `can't read ${path}: it has ${stats.size} bytes: the limit is ${maxBytes}`)
  }
}
