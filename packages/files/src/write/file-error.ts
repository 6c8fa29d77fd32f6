import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { adviceFor } from '../system-failure.ts'
import { UnreadableFile } from '../kind/file-kind.ts'

/** The error for a file that can't be read. Names the file, the user, the reason and the fix. */
export function unreadable(path: string, cause: unknown): FileError {
  if (cause instanceof UnreadableFile) {
    const advice = `put a regular file in its place, or move it away: mv ${path} ${path}.moved`
    return new FileError('file_unreadable', `Can't read ${path}: ${cause.message}: ${advice}`, { cause })
  }
  const folder = dirname(path)
  const owner = isClosed(folder)
    ? `chown ${userId()} ${folder} && chmod u+rwx ${folder}`
    : `chown ${userId()} ${path} && chmod u+r ${path}`
  return new FileError('file_unreadable', `Can't read ${path} as ${user()}: ${explain(cause, owner)}`, { cause })
}

/** The error for a file that can't be written. Names the file, the user, the reason and the fix. */
export function unwritable(path: string, cause: unknown): FileError {
  const folder = dirname(path)
  const owner = `mkdir -p ${folder} && chown ${userId()} ${folder} && chmod u+rwx ${folder}`
  return new FileError('file_unwritable', `Can't write ${path} as ${user()}: ${explain(cause, owner)}`, { cause })
}

/** Runs `work`, and converts its errors to that of a file that can't be written. */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** True if this user can't access the files in the folder. */
function isClosed(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK)
    return false
  } catch (error) {
    return errorCode(error) === 'EACCES'
  }
}

function explain(cause: unknown, owner: string): string {
  return `${messageOf(cause)}: ${remedy(cause, owner)}`
}

/** The codes of errors that root can fix with `chown`. */
const OF_OWNER: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT'])

function remedy(cause: unknown, owner: string): string {
  if (OF_OWNER.has(errorCode(cause) ?? '')) return `run as root: ${owner}`
  return adviceFor(cause) ?? 'fix that and start again'
}

function user(): string {
  const uid = process.geteuid?.()
  return uid === undefined ? 'this user' : `uid ${uid}`
}

function userId(): string {
  return String(process.geteuid?.() ?? 'USER')
}
