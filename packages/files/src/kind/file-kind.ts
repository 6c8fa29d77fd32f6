import { constants, statSync, type Stats } from 'node:fs'
import { ownerAndMode } from './owner-and-mode.ts'

/** The largest file that is read, in bytes. A file is read whole, so this also bounds the memory for it. */
export const MAX_FILE_BYTES: number = 64 * 1024 * 1024

/**
 * Why a path can't be read. `ENOENT`: a broken symbolic link; callers that treat a missing file as empty treat it the same.
 * `ENOTREG`: a FIFO, a device, a socket, a directory, or a symbolic link where none is followed. `EFBIG`: above the limit.
 */
type UnreadableFileCode = 'ENOENT' | 'ENOTREG' | 'EFBIG'

/** A path that leads to something else than a regular file of a bounded size. The message doesn't name the path. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
  readonly code: UnreadableFileCode

  constructor(code: UnreadableFileCode, message: string) {
    super(message)
    this.code = code
  }
}

export interface ReadFileOptions {
  /** The largest file to read, in bytes. Default: {@link MAX_FILE_BYTES}. */
  readonly maxBytes?: number
  /** Whether to read what a symbolic link leads to. Default: true. */
  readonly followLinks?: boolean
  /** Called with what was opened, before it is read; throws to reject it. */
  readonly onOpen?: (stats: Stats) => void
}

/** What a shell hands over as a path: standard input and process substitution, `<(command)`. */
export const INHERITED: RegExp = /^\/(?:dev\/(?:stdin|stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/

// Opening a FIFO doesn't wait for a writer, and a terminal doesn't become ours. Windows has neither: undefined counts as 0.
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

/** Whether it is /dev/null, by which people say that a file is empty. */
export function isNull(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev
}

/** Why it can't be read; undefined for a regular file and for /dev/null. */
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

/** Checks what was opened. @throws {UnreadableFile} `ENOTREG`, `EFBIG` */
export function checkOpened(stats: Stats, { maxBytes = MAX_FILE_BYTES, onOpen }: ReadFileOptions): void {
  checkKind(stats)
  if (stats.size > maxBytes) {
    throw new UnreadableFile('EFBIG', `it has ${stats.size} bytes: the limit is ${maxBytes}`)
  }
  onOpen?.(stats)
}

/** Whether the system says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** The error for a symbolic link that leads nowhere. */
export function brokenLink(): UnreadableFile {
  return new UnreadableFile('ENOENT', 'it is a symbolic link to a file that does not exist')
}
