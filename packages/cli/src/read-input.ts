import { readFileSync } from 'node:fs'
import { FileError, messageOf } from '@aws-iam-authenticator/core'

/**
 * The text of a file; `-` is standard input.
 *
 * @throws {FileError} It can't be read.
 */
export function readInput(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new FileError('file_unreadable', `can't read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
