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
 * Reads a regular file as UTF-8. Rejects a FIFO, a device, a socket or a directory at once, without opening it. /dev/null
 * counts as an empty file. Paths that a shell passes (`/dev/stdin`, `/dev/fd/N`) are read to the end.
 *
 * Synchronous, because for one small file starting the threads of an asynchronous read takes longer.
 *
 * @throws {UnreadableFile}
 * @throws {Error} The system's error, with its code.
 */
export function readRegularFileSync(path: string, options: ReadFileOptions = {}): string {
  if (options.followLinks !== false && INHERITED.test(path)) return readFileSync(path, 'utf8')
  let descriptor: number
  try {
    // Opening a device can have side effects, so its kind is checked first.
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
