import { lstat, open, readFile, stat, type FileHandle } from 'node:fs/promises'
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
 * Reads a regular file as {@link readRegularFileSync} does, without blocking this thread if a file system hangs.
 *
 * @throws {UnreadableFile}
 * @throws {Error} The system's error, with its code.
 */
export async function readRegularFile(path: string, options: ReadFileOptions = {}): Promise<string> {
  if (options.followLinks !== false && INHERITED.test(path)) return readFile(path, 'utf8')
  let handle: FileHandle
  try {
    checkKind(await (options.followLinks === false ? lstat(path) : stat(path)))
    handle = await open(path, flagsOf(options))
  } catch (error) {
    if (isMissing(error) && (await lstat(path).catch(() => null))?.isSymbolicLink() === true) throw brokenLink()
    throw error
  }
  try {
    checkOpened(await handle.stat(), options)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
