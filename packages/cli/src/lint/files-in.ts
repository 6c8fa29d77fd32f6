import { readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { describeFailure } from '@aws-iam-authenticator/files/system-failure'
import { FORMATS } from '../command-line/configuration-file.ts'

/** Maximum number of files of a folder. */
const MAX_FILES = 1000

function isA(kind: 'isDirectory' | 'isFile', path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new FileError('file_unreadable', `can't read ${folder}: ${describeFailure(error)}`, { cause: error })
  }
}

/** Returns true if a path is a folder. A path that can't be examined is none: reading it reports the error. */
export function isFolder(path: string): boolean {
  try {
    return isA('isDirectory', path)
  } catch {
    return false
  }
}

/**
 * Returns the YAML, JSON and TOML files of a folder, in order. Ignores subfolders, and names with a leading dot.
 *
 * @throws {FileError} There is none, there are more than 1,000, or the folder can't be read.
 */
export function filesIn(folder: string): readonly string[] {
  const names = namesIn(folder).filter((name) => !name.startsWith('.') && FORMATS.includes(extname(name).toLowerCase()))
  const paths = names.toSorted().map((name) => join(folder, name))
  if (paths.length > MAX_FILES) {
    const message = `${folder} has ${paths.length} files to check: the limit is ${MAX_FILES}: name the files`
    throw new FileError('file_unreadable', message)
  }
  const files = paths.filter((path) => isA('isFile', path))
  if (files.length > 0) return files
  const message = `can't read ${folder}: it is a directory, not a regular file, and no file in it ends in ${FORMATS.join(', ')}`
  throw new FileError('file_unreadable', message)
}
