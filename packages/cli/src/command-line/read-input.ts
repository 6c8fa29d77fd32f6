import { readFileSync } from 'node:fs'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { hasTokenPrefix } from '@aws-iam-authenticator/core/token/codec'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { describeFailure } from '@aws-iam-authenticator/files/system-failure'
import { UsageError } from './usage-error.ts'

/**
 * Reads a file; `-` is standard input.
 *
 * @throws {UsageError} The path is a token.
 * @throws {FileError} The file can't be read.
 */
export function readInput(path: string): string {
  // An error about the file would print the token.
  if (hasTokenPrefix(path)) throw new UsageError('there is a token where a file must be: tokens go with -t of explain')
  try {
    return path === '-' ? readFileSync(0, 'utf8') : readRegularFileSync(path)
  } catch (error) {
    const file = path === '-' ? 'standard input' : path
    throw new FileError('file_unreadable', `can't read ${file}: ${describeFailure(error)}`, { cause: error })
  }
}
