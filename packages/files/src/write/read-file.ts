import { readRegularFile } from '../read-regular-file.ts'
import type { ReadFileOptions } from '../kind/file-kind.ts'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { unreadable } from './file-error.ts'

/**
 * Reads a regular file; undefined if it doesn't exist.
 *
 * @throws FileError `file_unreadable`
 */
export async function readFileIfPresent(path: string, options: ReadFileOptions = {}): Promise<string | undefined> {
  try {
    return await readRegularFile(path, options)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw unreadable(path, error)
  }
}
