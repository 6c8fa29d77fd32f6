import { spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { unwritable } from './unwritable.ts'

/** The flag of macOS's open(2) for an exclusive flock. Node.js has no name for it. */
const O_EXLOCK = 0x20

/** The pause between two attempts on macOS, in milliseconds. */
const PAUSE_MS = 20

/** The paths where util-linux and BusyBox install `flock`. PATH is not searched, because the user did not ask to run it. */
const PROGRAMS = ['/usr/bin/flock', '/bin/flock'] as const

const { O_RDONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants

/** The flock of a file. */
export interface Flock {
  /** Releases the lock, and removes the file if it was created only for the lock. */
  release(): void
}

/** Opens the file as the Go program's lock does: creates it if it is missing. */
function openFile(path: string, more = 0): number {
  const descriptor = openSync(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | more, 0o600)
  if (fstatSync(descriptor).isFile()) return descriptor
  closeSync(descriptor)
  throw new Error('it is not a regular file')
}

/**
 * Locks an open file. A flock belongs to the open file and not to a process, so it stays after the program that took it has
 * ended.
 *
 * @returns True if another process holds the lock. False also without such a program, or if the file system has no such
 *   locks.
 */
function isHeldByOther(descriptor: number, patienceMs: number): boolean {
  for (const program of PROGRAMS) {
    const { error, signal } = spawnSync(program, ['-x', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
      env: {},
      timeout: Math.max(1, Math.ceil(patienceMs)),
    })
    if (errorCode(error) !== 'ENOENT') return signal !== null
  }
  return false
}

async function openLocked(path: string, deadline: number): Promise<number | undefined> {
  for (;;) {
    try {
      return openFile(path, O_EXLOCK)
    } catch (error) {
      const code = errorCode(error)
      if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') return openFile(path)
      if (code !== 'EAGAIN' && code !== 'EWOULDBLOCK') throw error
    }
    if (performance.now() >= deadline) return undefined
    await setTimeout(PAUSE_MS)
  }
}

/**
 * Acquires the lock that kubernetes-sigs/aws-iam-authenticator holds while it changes the file: an exclusive flock(2) on the
 * file itself. Neither runtime has that call, so this uses the program `flock` on Linux and open(2) on macOS. Does nothing
 * on Windows, and on Linux without that program.
 *
 * @param deadline The time to stop waiting, on the clock of `performance.now()`.
 * @returns undefined if another process holds the lock until the deadline.
 * @throws {FileError} `file_unwritable`
 */
export async function acquireFlock(path: string, deadline: number): Promise<Flock | undefined> {
  if (process.platform === 'win32') return { release: () => undefined }
  const isNew = statSync(path, { throwIfNoEntry: false }) === undefined
  let descriptor: number | undefined
  try {
    descriptor = process.platform === 'darwin' ? await openLocked(path, deadline) : openFile(path)
  } catch (cause) {
    throw unwritable(path, cause)
  }
  if (descriptor === undefined) return undefined
  const held = descriptor
  const release = (): void => {
    const { nlink, size } = fstatSync(held)
    // A file that was written in the meantime has replaced this one, which then has no name.
    if (isNew && nlink > 0 && size === 0) unlinkSync(path)
    closeSync(held)
  }
  if (process.platform === 'darwin' || !isHeldByOther(held, deadline - performance.now())) return { release }
  release()
  return undefined
}
