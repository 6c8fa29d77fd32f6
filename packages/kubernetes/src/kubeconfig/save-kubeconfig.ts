import { mkdir, open, realpath, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuthenticatorError, FileError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { writeFileAtomically } from '@aws-iam-authenticator/files/write/write-file'

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** Holds the lock that kubectl takes while it changes a kubeconfig. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.close()
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
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

/** A path behind the links that lead to it, and the mode of what is there; a new file is its owner's alone. */
async function targetOf(path: string): Promise<{ readonly target: string; readonly mode: number }> {
  try {
    const target = await realpath(path)
    return { target, mode: (await stat(target)).mode & 0o777 }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new FileError('file_unreadable', `Can't read ${path}: ${messageOf(error)}`)
    return { target: path, mode: 0o600 }
  }
}

/**
 * Changes a file: it holds the old text or the new one whole at any moment, and keeps its mode and the links that lead to it.
 *
 * @param change Gives the new text for the one that is there once nobody else changes it.
 * @throws {AuthenticatorError} `kubeconfig_locked`
 * @throws {FileError} The file can't be read or written; it is then as it was.
 */
export async function saveKubeconfig(path: string, change: () => Promise<string>): Promise<void> {
  const { target, mode } = await targetOf(path)
  await mkdir(dirname(target), { recursive: true })
  await locked(target, async () => writeFileAtomically(target, await change(), { mode }))
}
