import { open, realpath, rm, stat } from 'node:fs/promises'
import { AuthenticatorError, FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readFileIfPresent } from '@aws-iam-authenticator/files/write/read-file'
import { makeParentDirectory, writeFileAtomically } from '@aws-iam-authenticator/files/write/write-file'
import type { FileChange } from './plan-update.ts'

/** Runs the work under the lock that kubectl holds while it changes a kubeconfig. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.close()
  } catch (error) {
    if (errorCode(error) === 'EEXIST') {
      const hint = `another program is changing it; if none is, remove ${lock}`
      throw new AuthenticatorError('kubeconfig_locked', `${path} is locked: ${hint}`, { cause: error })
    }
    throw new FileError('file_unwritable', `Can't write ${path}: ${messageOf(error)}`, { cause: error })
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/** Follows symbolic links, and returns the target and its mode. A new file gets mode 0600. */
async function targetOf(path: string): Promise<{ readonly target: string; readonly mode: number }> {
  try {
    const target = await realpath(path)
    return { target, mode: (await stat(target)).mode & 0o777 }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw new FileError('file_unreadable', `Can't read ${path}: ${messageOf(error)}`)
    }
    return { target: path, mode: 0o600 }
  }
}

/**
 * Writes the planned text of a file atomically. Keeps its mode and the symbolic links to it.
 *
 * @throws {AuthenticatorError} `kubeconfig_locked`, or `kubeconfig_changed` if another program has changed the file since it was read.
 * @throws {FileError} The file can't be read or written. It is unchanged then.
 */
export async function saveKubeconfig({ path, before, after }: FileChange): Promise<void> {
  const { target, mode } = await targetOf(path)
  await makeParentDirectory(target)
  await locked(target, async () => {
    if ((await readFileIfPresent(path)) !== before) {
      throw new AuthenticatorError(
        'kubeconfig_changed',
        `${path} was changed by another program at the same time and is left as it is: run this again`,
      )
    }
    await writeFileAtomically(target, after, { mode })
  })
}
