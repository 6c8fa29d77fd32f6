import { closeSync, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { UnreadableFile } from '@aws-iam-authenticator/files/kind/file-kind'
import { acquireFlock, type Flock } from './flock.ts'
import { unwritable } from './unwritable.ts'

// A person waits for kubectl; without the cache the command works all the same.
const PATIENCE_MS = 1000
const LONGEST_PAUSE_MS = 40

/** The largest lock file, in bytes: a process id, a UUID and a host name. */
const MAX_LOCK_BYTES = 4096

// A holder writes one small file: who takes longer than this is gone, also where its process can't be looked up.
const MAX_AGE_MS = 10_000

/** The right to write a file, among processes that ask for it here. */
interface Lock {
  /** Names a file beside it that dies with the lock: whoever finds the lock of a dead process removes it. */
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

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
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
    if (isCode(error, 'ENOENT')) return undefined
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
    // Another user's process is one that runs.
    return !isCode(error, 'ESRCH')
  }
}

function isDead(lockPath: string, { pid, host }: Owner): boolean {
  if (pid > 0 && host === hostname() && !isRunning(pid)) return true
  const modified = statSync(lockPath, { throwIfNoEntry: false })?.mtimeMs
  // A clock that was set back must not keep a lock alive.
  return modified !== undefined && Math.abs(Date.now() - modified) > MAX_AGE_MS
}

/**
 * Removes the lock of a process that was killed, and what it had begun to write. Of two processes that do so at once,
 * one may remove the other's new lock: then the later of two writes wins, and one entry is asked for again. No file is
 * ever damaged by that, since each is written aside and renamed.
 */
function removeIfDead(path: string, lockPath: string): void {
  const owner = readOwner(lockPath)
  if (owner === undefined || !isDead(lockPath, owner)) return
  if (readOwner(lockPath)?.text !== owner.text) return
  removeIfThere(lockPath)
  if (owner.id !== '') removeIfThere(asidePathOf(path, owner.id))
}

/** Makes the file, which must not be there. On a disk that is full it can be made and not written: it is removed then. */
function makeLock(lockPath: string, text: string): void {
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

/** Makes the file that names this process as the owner. It excludes our own processes, on every platform. */
async function acquireHeld(path: string, lockPath: string, text: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      makeLock(lockPath, text)
      return
    } catch (cause) {
      if (!isCode(cause, 'EEXIST')) throw unwritable(lockPath, cause)
    }
    removeIfDead(path, lockPath)
    if (performance.now() >= deadline) {
      throw new FileError('file_unwritable', `another process holds ${lockPath}`)
    }
    await setTimeout(Math.random() * LONGEST_PAUSE_MS)
  }
}

/**
 * Waits up to 1 s for the lock of a file, which has two parts. One is a file beside it that names its owner, so that the
 * lock of a process that was killed is known as such at once on the same machine, and after 10 s on another. The other is
 * the Go program's flock on the file itself.
 *
 * @throws {FileError} `file_unwritable`: another process holds it, or it can't be made.
 */
export async function acquireLock(path: string): Promise<Lock> {
  const lockPath = `${path}.held`
  const id = crypto.randomUUID()
  const text = `${process.pid} ${id} ${hostname()}`
  const deadline = performance.now() + PATIENCE_MS
  const release = (): void => {
    if (readOwner(lockPath)?.text === text) removeIfThere(lockPath)
  }
  await acquireHeld(path, lockPath, text, deadline)
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
