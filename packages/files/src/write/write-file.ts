import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkReplaceable } from '../check-replaceable.ts'
import { systemErrorCode, writing } from './file-error.ts'

interface WriteFileOptions {
  /** The file's permission bits, whatever the umask and whatever the file had before. */
  readonly mode: number
  /** Whether to make the folder of the file, and those above it, where they are missing. Default: false. */
  readonly makeDirectory?: boolean
}

/** New content of a file, written through to the disk beside it. */
export interface StagedFile {
  /** Puts it in place: a reader finds the old content or the new one whole. @throws FileError `file_unwritable` */
  commit(): Promise<void>
  /** Forgets it; without effect after `commit`. */
  discard(): Promise<void>
}

/**
 * Writes a file's new content beside it: what can fail for want of rights or room fails here, with the file as it was.
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
 * Replaces a file's content so that a reader, and a crash at any moment, finds the old content or the new one whole.
 *
 * @throws FileError `file_unwritable`; the file is then as it was
 */
export async function writeFileAtomically(path: string, text: string, options: WriteFileOptions): Promise<void> {
  const staged = await stageFile(path, text, options)
  await staged.commit()
}

/** Makes the folder of `path` where it is missing. @throws FileError `file_unwritable` */
export async function makeParentDirectory(path: string): Promise<void> {
  const folder = dirname(path)
  await writing(path, async () => {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 })
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      // Node.js says so of a read-only file system: asked for the first folder that is missing alone, the system tells why.
      await mkdir(firstMissing(folder))
      throw error
    }
  })
}

function firstMissing(folder: string): string {
  const above = dirname(folder)
  return above === folder || existsSync(above) ? folder : firstMissing(above)
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
