import { mkdirSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { isFolder } from '@aws-iam-authenticator/files/write/is-folder'
import { UnreadableFile } from '@aws-iam-authenticator/files/kind/file-kind'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { homeFolder } from '@aws-iam-authenticator/network/home-folder'
import { unwritable } from './unwritable.ts'

/** Maximum size of the cache file, in bytes. */
const MAX_CACHE_BYTES: number = 4 * 1024 * 1024
// Permission bits of group and others.
const OTHERS = 0o077
const OTHERS_WRITE = 0o022
const STICKY = 0o1000
const TRIES = 3

const onWindows = process.platform === 'win32'

/** The file at the time of reading. */
interface Snapshot {
  readonly text: string
  /** Changes whenever the file changes. */
  readonly version: string
}

/**
 * The path of the cache: AWS_IAM_AUTHENTICATOR_CACHE_FILE, else a file in the home folder. Absolute on Windows, where Bun
 * can't create files and folders by some relative paths.
 */
export function cachePath(environment: Environment): string {
  const named = firstSet(environment, 'AWS_IAM_AUTHENTICATOR_CACHE_FILE')?.value
  if (named !== undefined) return onWindows ? resolve(named) : named
  const home = homeFolder(environment, [onWindows ? 'USERPROFILE' : 'HOME'])
  return join(home, '.kube', 'cache', 'aws-iam-authenticator', 'credentials.yaml')
}

function unreadable(message: string, cause?: unknown): FileError {
  return new FileError('file_unreadable', message, cause === undefined ? undefined : { cause })
}

function versionOf(stats: Stats | undefined): string {
  return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`
}

// On Windows the access list of the home folder protects the file, and modes mean nothing.
function checkFile(path: string, stats: Stats): void {
  if (onWindows) return
  if (stats.uid !== process.geteuid?.()) throw unreadable(`${path} belongs to another user: delete it`)
  if ((stats.mode & OTHERS) !== 0) throw unreadable(`${path} is open to group or others: run "chmod 600 ${path}"`)
}

function checkFolder(folder: string): void {
  const { mode, uid } = statSync(folder)
  if (onWindows) return
  // Root can read and write every folder anyway.
  if (uid !== 0 && uid !== process.geteuid?.()) {
    throw unreadable(
      `${folder} belongs to another user (uid ${uid}): set AWS_IAM_AUTHENTICATOR_CACHE_FILE to a file elsewhere`,
    )
  }
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return
  throw unreadable(`group or others can write to ${folder}: run "chmod 700 ${folder}"`)
}

function readSnapshot(path: string): Snapshot {
  let version = ''
  try {
    const text = readRegularFileSync(path, {
      maxBytes: MAX_CACHE_BYTES,
      // A link could lead to a file that another user has chosen.
      followLinks: false,
      onOpen: (stats) => {
        checkFile(path, stats)
        checkFolder(dirname(path))
        version = versionOf(stats)
      },
    })
    return { text, version }
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    if (cause instanceof UnreadableFile) throw unreadable(`${path}: ${cause.message}: delete it`, cause)
    if (errorCode(cause) === 'ENOENT') return { text: '', version: '' }
    throw unreadable(`can't read ${path}: ${messageOf(cause)}`, cause)
  }
}

/**
 * Reads the cache file; empty if there is none. Takes no lock, because our processes rename a whole file. The Go program
 * writes in place and keeps nothing of ours: see {@link readCacheFileLocked}.
 *
 * @throws {FileError} `file_unreadable`: it can't be read, or others may have read or written it.
 */
export function readCacheFile(path: string): string {
  return readSnapshot(path).text
}

/**
 * Reads the cache file under its lock. For a text that can't be parsed, because the Go program may be writing it.
 *
 * @throws {FileError} As {@link replaceCacheFile}
 */
export async function readCacheFileLocked(path: string): Promise<string> {
  const { acquireLock } = await import('./lock.ts')
  const lock = await acquireLock(path)
  try {
    return readCacheFile(path)
  } finally {
    lock.release()
  }
}

/**
 * Replaces the text of the cache file as a whole, so that a reader finds the old text or the new one. Creates missing folders
 * with access for the owner only.
 *
 * @param change Returns the new text for the old one. Called again if a program that doesn't use our lock changes the file
 *   in the meantime.
 * @throws {FileError} `file_unreadable`, or `file_unwritable`, also if the lock is not free within 1 s.
 */
export async function replaceCacheFile(
  path: string,
  change: (text: string) => string | Promise<string>,
): Promise<void> {
  const folder = dirname(path)
  try {
    if (!isFolder(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unwritable(path, cause, "can't make the folder of")
  }
  checkFolder(folder)
  // Loaded here because reading, which is all that a warm cache needs, takes no lock.
  const { acquireLock } = await import('./lock.ts')
  const lock = await acquireLock(path)
  try {
    for (let tries = TRIES; tries > 0; tries -= 1) {
      const { text, version } = readSnapshot(path)
      writeFileSync(lock.asidePath, await change(text), { flag: 'wx', mode: 0o600 })
      if (versionOf(statSync(path, { throwIfNoEntry: false })) === version) {
        renameSync(lock.asidePath, path)
        return
      }
      rmSync(lock.asidePath)
    }
    throw new FileError('file_unwritable', `another program keeps changing ${path}`)
  } catch (cause) {
    rmSync(lock.asidePath, { force: true })
    if (cause instanceof FileError) throw cause
    throw unwritable(path, cause)
  } finally {
    lock.release()
  }
}
