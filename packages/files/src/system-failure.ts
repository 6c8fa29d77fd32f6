import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { UnreadableFile } from './kind/file-kind.ts'

/** A failure that a machine causes, not a bug of this program: its name, and what to do about it. */
interface Remedy {
  readonly reason: string
  readonly advice: string
}

const ROOM = 'make room on that file system, or change the path'
const ACCESS = 'grant this user access, or change the path'
const WAY = 'the path must lead through folders to a file: move away what stands in their place, or change the path'

/** By the system's code. */
const REMEDIES: ReadonlyMap<string, Remedy> = new Map([
  ['EACCES', { reason: 'permission denied', advice: ACCESS }],
  ['EBADF', { reason: 'it is closed', advice: 'open it, or redirect it to a file' }],
  ['EBUSY', { reason: 'it is in use', advice: 'if the file itself is a mount, mount its folder instead' }],
  ['EDQUOT', { reason: 'the disk quota is used up', advice: ROOM }],
  ['EEXIST', { reason: 'something is there already', advice: WAY }],
  ['EFBIG', { reason: 'the file is too large', advice: 'raise the limit of its size, or change the path' }],
  ['EIO', { reason: 'the device failed', advice: 'check the disk, or the terminal that it leads to' }],
  ['EISDIR', { reason: 'it is a directory', advice: WAY }],
  ['ELOOP', { reason: 'too many symbolic links', advice: 'replace the links that lead to each other' }],
  ['EMFILE', { reason: 'this process has too many open files', advice: 'raise ulimit -n' }],
  ['ENAMETOOLONG', { reason: 'the name is too long', advice: 'choose a shorter path' }],
  ['ENFILE', { reason: 'this machine has too many open files', advice: 'raise the sysctl fs.file-max' }],
  ['ENOENT', { reason: 'no such file or directory', advice: 'create it, or change the path' }],
  ['ENOSPC', { reason: 'no space left', advice: ROOM }],
  ['ENOTDIR', { reason: 'a part of its path is not a directory', advice: WAY }],
  ['ENOTREG', { reason: 'it is not a regular file', advice: WAY }],
  ['EPERM', { reason: 'the operation is not permitted', advice: ACCESS }],
  ['EROFS', { reason: 'the file system is read-only', advice: 'mount that file system writable, or change the path' }],
])

/** What to do about a failure of the machine; undefined for any other error. */
export function adviceFor(error: unknown): string | undefined {
  return REMEDIES.get(errorCode(error) ?? '')?.advice
}

/** Describes a failed operation on a file: the reason with the system's code, and what to do. Without the path. */
export function describeFailure(error: unknown): string {
  if (error instanceof UnreadableFile) return error.message
  const code = errorCode(error) ?? ''
  const remedy = REMEDIES.get(code)
  return remedy === undefined ? messageOf(error) : `${remedy.reason} (${code}): ${remedy.advice}`
}

/** The path of a system error, if it has one. */
function pathOf(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined
}

/** Converts a failure of the machine to an error that names the file and what to do; undefined for any other error. */
export function systemFailure(error: unknown): FileError | undefined {
  if (adviceFor(error) === undefined) return undefined
  const path = pathOf(error)
  const message = path === undefined ? messageOf(error) : `can't use ${path}: ${describeFailure(error)}`
  return new FileError('file_unreadable', message, { cause: error })
}
