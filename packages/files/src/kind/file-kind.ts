import { constants, statSync, type Stats } from 'node:fs'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { ownerAndMode } from './owner-and-mode.ts'

/** Default maximum size of a file, in bytes. A file is read whole, so this also limits the memory for it. */
export const MAX_FILE_BYTES: number = 64 * 1024 * 1024

/**
 * The reason why a path can't be read. `ENOENT`: a broken symbolic link, which callers may treat like a missing file.
 * `ENOTREG`: a FIFO, a device, a socket, a directory, or a symbolic link if links are not followed. `EFBIG`: above the limit.
 */
type UnreadableFileCode = 'ENOENT' | 'ENOTREG' | 'EFBIG'

/** The path is not a regular file within the size limit. The message doesn't name the path. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
  readonly code: UnreadableFileCode

  constructor(code: UnreadableFileCode, message: string) {
    super(message)
    this.code = code
  }
}

export interface ReadFileOptions {
  /** Maximum size, in bytes. Default: {@link MAX_FILE_BYTES}. */
  readonly maxBytes?: number
  /** True to follow symbolic links. Default: true. */
  readonly followLinks?: boolean
  /** Called after the file is opened and before it is read. May throw to reject it. */
  readonly onOpen?: (stats: Stats) => void
}

/** Paths that a shell passes: standard input, and process substitution, `<(command)`. */
export const INHERITED: RegExp = /^\/(?:dev\/(?:stdin|stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/

// Don't wait for the writer of a FIFO, and don't acquire a controlling terminal. Undefined, and so 0, on Windows.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** The flags to open a path with. */
export function flagsOf({ followLinks = true }: ReadFileOptions): number {
  return followLinks ? FLAGS : FLAGS | constants.O_NOFOLLOW
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  if (stats.isSymbolicLink()) return 'a symbolic link'
  return 'a device'
}

const NULL_DEVICE = process.platform === 'win32' ? 'NUL' : '/dev/null'

/** True for /dev/null, and for NUL on Windows, which users pass as an empty file. */
export function isNull(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === statSync(NULL_DEVICE, { throwIfNoEntry: false })?.rdev
}

/** The reason to reject the file; undefined for a regular file and for /dev/null. */
export function kindFault(stats: Stats): string | undefined {
  if (stats.isFile() || isNull(stats)) return undefined
  const detail = ownerAndMode(stats)
  return `it is ${kindOf(stats)}, not a regular file${detail === '' ? '' : ` (${detail})`}`
}

/** @throws {UnreadableFile} `ENOTREG` */
export function checkKind(stats: Stats): void {
  const fault = kindFault(stats)
  if (fault !== undefined) throw new UnreadableFile('ENOTREG', fault)
}

/** Checks an opened file. @throws {UnreadableFile} `ENOTREG`, `EFBIG` */
export function checkOpened(stats: Stats, { maxBytes = MAX_FILE_BYTES, onOpen }: ReadFileOptions): void {
  checkKind(stats)
  if (stats.size > maxBytes) {
    throw new UnreadableFile('EFBIG', `it has ${stats.size} bytes: the limit is ${maxBytes}`)
  }
  onOpen?.(stats)
}

/** True if the error is the system's ENOENT. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}

/** The error for a broken symbolic link. */
export function brokenLink(): UnreadableFile {
  return new UnreadableFile('ENOENT', 'it is a symbolic link to a file that does not exist')
}
