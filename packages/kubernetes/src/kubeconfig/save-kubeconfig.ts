import { mkdir, open, realpath, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuthenticatorError, FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { isFolder } from '@aws-iam-authenticator/files/write/is-folder'
import { writeFileAtomically } from '@aws-iam-authenticator/files/write/write-file'

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
 * Changes a file atomically. Keeps its mode and the symbolic links to it.
 *
 * @param change Returns the new text. Called under the lock.
 * @throws {AuthenticatorError} `kubeconfig_locked`
 * @throws {FileError} The file can't be read or written. It is unchanged then.
 */
export async function saveKubeconfig(path: string, change: () => Promise<string>): Promise<void> {
  const { target, mode } = await targetOf(path)
  const folder = dirname(target)
  if (!isFolder(folder)) await mkdir(folder, { recursive: true })
  await locked(target, async () => writeFileAtomically(target, await change(), { mode }))
}
