import { closeSync, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { UnreadableFile } from '@aws-iam-authenticator/files/kind/file-kind'
import { acquireFlock, type Flock } from './flock.ts'
import { unwritable } from './unwritable.ts'

// A user is waiting for kubectl, and the command works without the cache.
const PATIENCE_MS = 1000
const LONGEST_PAUSE_MS = 40

/** Maximum size of a lock file, in bytes. It holds a process ID, a UUID and a host name. */
const MAX_LOCK_BYTES = 4096

// The owner writes one small file. After this time it counts as dead, even if its process can't be checked.
const MAX_AGE_MS = 10_000

/** An exclusive lock on a file. */
interface Lock {
  /** A path next to the file, for its new content. Whoever removes the lock of a dead process removes this file too. */
  readonly asidePath: string
  release(): void
}

interface Owner {
  readonly text: string
  readonly pid: number
  readonly host: string
  readonly id: string
}

function asidePathOf(path: string, id: string): string {
  return `${path}.${id}.new`
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

function readOwner(lockPath: string): Owner | undefined {
  let text: string
  try {
    text = readRegularFileSync(lockPath, { followLinks: false, maxBytes: MAX_LOCK_BYTES })
  } catch (error) {
    if (error instanceof UnreadableFile) {
      throw new FileError('file_unwritable', `${lockPath}: ${error.message}: delete it`, { cause: error })
    }
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const [, pid = '0', id = '', host = ''] = /^(\d{1,10}) ([\w-]{1,64}) (.*)$/.exec(text) ?? []
  return { text, pid: Number(pid), id, host }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM means that another user's process is running.
    return errorCode(error) !== 'ESRCH'
  }
}

function isDead(lockPath: string, { pid, host }: Owner): boolean {
  if (pid > 0 && host === hostname() && !isRunning(pid)) return true
  const modified = statSync(lockPath, { throwIfNoEntry: false })?.mtimeMs
  // A clock that is set back must not keep a lock alive.
  return modified !== undefined && Math.abs(Date.now() - modified) > MAX_AGE_MS
}

/**
 * Removes the lock of a killed process and its unfinished file. If two processes do so at the same time, one may remove the
 * other's new lock. Then the later write wins and one entry is requested again. No file is damaged, because each is written
 * aside and renamed.
 */
function removeIfDead(path: string, lockPath: string): void {
  const owner = readOwner(lockPath)
  if (owner === undefined || !isDead(lockPath, owner)) return
  if (readOwner(lockPath)?.text !== owner.text) return
  removeIfThere(lockPath)
  if (owner.id !== '') removeIfThere(asidePathOf(path, owner.id))
}

/** Creates the file, which must not exist. A full disk allows the creation but not the write: then the file is removed. */
function createLockFile(lockPath: string, text: string): void {
  const descriptor = openSync(lockPath, 'wx', 0o600)
  try {
    writeFileSync(descriptor, text)
  } catch (error) {
    removeIfThere(lockPath)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Creates the file that names this process as the owner. It excludes our own processes, on every platform. */
async function acquireLockFile(path: string, lockPath: string, text: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      createLockFile(lockPath, text)
      return
    } catch (cause) {
      if (errorCode(cause) !== 'EEXIST') throw unwritable(lockPath, cause)
    }
    removeIfDead(path, lockPath)
    if (performance.now() >= deadline) {
      throw new FileError('file_unwritable', `another process holds ${lockPath}`)
    }
    await setTimeout(Math.random() * LONGEST_PAUSE_MS)
  }
}

/**
 * Acquires the lock of a file, and waits for it up to 1 s. The lock has two parts. The first is a file next to it that names
 * the owner: on the same machine the lock of a killed process is recognized at once, on another one after 10 s. The second
 * is the Go program's flock on the file itself.
 *
 * @throws {FileError} `file_unwritable`: another process holds the lock, or it can't be created.
 */
export async function acquireLock(path: string): Promise<Lock> {
  const lockPath = `${path}.held`
  const id = crypto.randomUUID()
  const text = `${process.pid} ${id} ${hostname()}`
  const deadline = performance.now() + PATIENCE_MS
  const release = (): void => {
    if (readOwner(lockPath)?.text === text) removeIfThere(lockPath)
  }
  await acquireLockFile(path, lockPath, text, deadline)
  let flock: Flock | undefined
  try {
    flock = await acquireFlock(path, deadline)
  } catch (error) {
    release()
    throw error
  }
  if (flock === undefined) {
    release()
    throw new FileError('file_unwritable', `another process holds the lock of ${path}`)
  }
  return {
    asidePath: asidePathOf(path, id),
    release() {
      flock.release()
      release()
    },
  }
}
