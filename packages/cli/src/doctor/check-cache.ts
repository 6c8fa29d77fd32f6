import { access, constants, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { cachePath } from '@aws-iam-authenticator/client/cache/cache-file'
import { openCredentialCache, type CredentialCache } from '@aws-iam-authenticator/client/cache/credential-cache'
import { unwritable } from '@aws-iam-authenticator/client/cache/unwritable'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Finding } from './check.ts'

/** The room that the cache and its lock need, in bytes. */
const ROOM = 16 * 1024

/** The path, or its nearest parent that exists. */
async function nearestExisting(path: string): Promise<string> {
  try {
    await access(path)
    return path
  } catch (error) {
    const parent = dirname(path)
    return errorCode(error) === 'ENOENT' && parent !== path ? await nearestExisting(parent) : path
  }
}

/** Returns why the cache can't be written, without writing it; undefined if it can. */
async function writeFault(path: string): Promise<string | undefined> {
  const folder = await nearestExisting(dirname(path))
  try {
    await access(folder, constants.W_OK)
    const { bavail, bsize } = await statfs(folder)
    if (bavail * bsize >= ROOM) return undefined
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  } catch (error) {
    return `unable to use cache: ${unwritable(path, error).message}`
  }
}

/** Opens the cache that `token` uses, whose faults are warnings: `token` continues without it. Nothing is written. */
export async function checkCache(environment: Environment, now: () => Date): Promise<Finding<CredentialCache>> {
  const path = cachePath(environment)
  let fault: string | undefined
  const value = await openCredentialCache({ path, now, warn: (message) => (fault = message) })
  fault ??= await writeFault(path)
  return { found: fault ?? path, value, isWarning: fault !== undefined }
}
