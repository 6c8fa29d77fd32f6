import { closeSync, fstatSync, lstatSync, openSync, readFileSync, statSync } from 'node:fs'
import {
  brokenLink,
  checkKind,
  checkOpened,
  flagsOf,
  INHERITED,
  isMissing,
  type ReadFileOptions,
} from './kind/file-kind.ts'

/**
 * Reads a regular file as UTF-8. A FIFO, a device, a socket or a directory is an error at once, and opening one has no
 * effect on it. /dev/null is an empty file. What a shell hands over (`/dev/stdin`, `/dev/fd/N`) is read to its end.
 *
 * Reads in this thread, which for one small file is faster than starting the threads that would read it.
 *
 * @throws {UnreadableFile}
 * @throws {Error} The system's error, with its code.
 */
export function readRegularFileSync(path: string, options: ReadFileOptions = {}): string {
  if (options.followLinks !== false && INHERITED.test(path)) return readFileSync(path, 'utf8')
  let descriptor: number
  try {
    // Opening a device can have effects of its own, so it is not opened.
    checkKind(options.followLinks === false ? lstatSync(path) : statSync(path))
    descriptor = openSync(path, flagsOf(options))
  } catch (error) {
    if (isMissing(error) && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw brokenLink()
    throw error
  }
  try {
    checkOpened(fstatSync(descriptor), options)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}
