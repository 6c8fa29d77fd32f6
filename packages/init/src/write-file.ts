import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writing } from './file-error.ts'

export interface WriteFileOptions {
  /** The file's permission bits, whatever the umask and whatever the file had before. */
  readonly mode: number
  /** Whether to make the folder of the file, and those above it, where they are missing. Default: false. */
  readonly makeDirectory?: boolean
}

/**
 * Replaces a file's content so that a reader, and a crash at any moment, finds the old content or the new one whole.
 *
 * @throws FileError `file_unwritable`; the file is then as it was
 */
export async function writeFileAtomically(path: string, text: string, options: WriteFileOptions): Promise<void> {
  if (options.makeDirectory === true) await makeParentDirectory(path)
  const aside = `${path}.${randomUUID()}.new`
  await writing(path, async () => {
    try {
      await writeNewFile(aside, text, options.mode)
      await rename(aside, path)
    } catch (error) {
      await discard(aside)
      throw error
    }
  })
}

/** Makes the folder of `path` where it is missing. @throws FileError `file_unwritable` */
export async function makeParentDirectory(path: string): Promise<void> {
  await writing(path, () => mkdir(dirname(path), { recursive: true, mode: 0o755 }))
}

/** Writes a file that must not exist yet through to the disk. What is left of it after a failure is the caller's. */
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

/** Removes a file where it exists. A failure is passed over: it would hide the error that made the file useless. */
export async function discard(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
}
