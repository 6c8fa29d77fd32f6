import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { checkReplaceable } from '../check-replaceable.ts'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { isFolder } from './is-folder.ts'
import { writing } from './file-error.ts'

interface WriteFileOptions {
  /** The permission bits, independent of the umask and of the previous file. */
  readonly mode: number
  /** True to create missing folders of the path. Default: false. */
  readonly makeDirectory?: boolean
}

/** The new content of a file, synced to the disk next to it. */
export interface StagedFile {
  /** Replaces the file atomically. @throws FileError `file_unwritable` */
  commit(): Promise<void>
  /** Removes the new content. Has no effect after `commit`. */
  discard(): Promise<void>
}

/**
 * Writes the new content of a file next to it. A lack of permission or space fails here, with the file unchanged.
 *
 * @throws FileError `file_unwritable`
 */
export async function stageFile(path: string, text: string, options: WriteFileOptions): Promise<StagedFile> {
  if (options.makeDirectory === true) await makeParentDirectory(path)
  await writing(path, () => checkReplaceable(path))
  const aside = `${path}.${randomUUID()}.new`
  const attempt = (work: () => Promise<void>): Promise<void> =>
    writing(path, async () => {
      try {
        await work()
      } catch (error) {
        await discard(aside)
        throw error
      }
    })
  await attempt(() => writeNewFile(aside, text, options.mode))
  return { commit: () => attempt(() => rename(aside, path)), discard: () => discard(aside) }
}

/**
 * Replaces the content of a file atomically. A reader, or a restart after a crash, finds the old content or the new one.
 *
 * @throws FileError `file_unwritable`. The file is unchanged then.
 */
export async function writeFileAtomically(path: string, text: string, options: WriteFileOptions): Promise<void> {
  const staged = await stageFile(path, text, options)
  await staged.commit()
}

/** Creates the folder of `path` if it is missing. @throws FileError `file_unwritable` */
export async function makeParentDirectory(path: string): Promise<void> {
  // Absolute: on Windows, Bun's mkdir reports EEXIST for `.`, `..` and `C:`.
  const folder = resolve(dirname(path))
  if (isFolder(folder)) return
  await writing(path, async () => {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 })
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      // Node.js reports ENOENT for a read-only file system. Creating only the first missing folder gets the real error.
      await mkdir(firstMissing(folder))
      throw error
    }
  })
}

function firstMissing(folder: string): string {
  const above = dirname(folder)
  return above === folder || existsSync(above) ? folder : firstMissing(above)
}

/** Writes a file that must not exist, and syncs it to the disk. After a failure the caller removes the rest. */
export async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.chmod(mode)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Removes a file if it exists. Ignores a failure, which would hide the error that made the file useless. */
export async function discard(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
}
