import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'

const ELSEWHERE = 'set AWS_IAM_AUTHENTICATOR_CACHE_FILE to a file elsewhere'

function remedy(cause: unknown): string {
  switch (errorCode(cause) ?? '') {
    case 'ENOSPC':
    case 'EDQUOT':
      return `: make room there, or ${ELSEWHERE}`
    case 'ENOENT':
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return `: ${ELSEWHERE}`
    default:
      return ''
  }
}

/** The error for a cache file that can't be written. Names the file, the reason and, if known, the fix. */
export function unwritable(path: string, cause: unknown, what = "can't write"): FileError {
  return new FileError('file_unwritable', `${what} ${path}: ${messageOf(cause)}${remedy(cause)}`, { cause })
}
