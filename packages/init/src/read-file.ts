import { readFile } from 'node:fs/promises'
import { systemErrorCode, unreadable } from './file-error.ts'

/**
 * The text of a file, or undefined where there is none.
 *
 * @throws FileError `file_unreadable`
 */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw unreadable(path, error)
  }
}
