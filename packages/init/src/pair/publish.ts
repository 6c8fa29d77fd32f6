import { createHash, createPublicKey } from 'node:crypto'
import { link, rename } from 'node:fs/promises'
import type { KeyPair } from './certificate.ts'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { writing } from '@aws-iam-authenticator/files/write/file-error'
import { readFileIfPresent } from '@aws-iam-authenticator/files/write/read-file'
import { readCertificateFile } from './read-pair-file.ts'
import { discard, writeFileAtomically, writeNewFile } from '@aws-iam-authenticator/files/write/write-file'

export interface KeyPairPaths {
  readonly certificatePath: string
  readonly keyPath: string
}

/**
 * Puts a new pair at its paths unless a file exists there. Returns true if the pair is in place, false if other files were
 * there first, which are unchanged then.
 *
 * No file system creates two names atomically, so the name of the key decides. Both files are written aside and synced to the
 * disk. Then the key is linked, which only one process can do, then the certificate. A process that finds the key without
 * its certificate can link the certificate: see `finishPublication`.
 *
 * @throws FileError `file_unwritable`, `file_unreadable`. The paths are unchanged then.
 */
export async function publishKeyPair(paths: KeyPairPaths, pair: KeyPair): Promise<boolean> {
  const aside = asidePaths(paths, pair.keyPem)
  try {
    await writing(paths.certificatePath, () => writeNewFile(aside.certificatePath, pair.certificatePem, 0o644))
    await writing(paths.keyPath, () => writeNewFile(aside.keyPath, pair.keyPem, 0o600))
    if (!(await linkUnless(['EEXIST'], aside.keyPath, paths.keyPath))) return false
    return await publishCertificate(aside, paths, pair)
  } finally {
    await discard(aside.keyPath)
    await discard(aside.certificatePath)
  }
}

/**
 * Links the certificate of the key at `paths.keyPath` if `publishKeyPair` stopped, or still is, between its two links. Does
 * nothing if no such certificate lies aside.
 *
 * @throws FileError `file_unwritable`
 */
export async function finishPublication(paths: KeyPairPaths, keyPem: string): Promise<void> {
  const aside = asidePaths(paths, keyPem)
  const finished = await linkUnless(['ENOENT', 'EEXIST'], aside.certificatePath, paths.certificatePath)
  if (finished) await discard(aside.certificatePath)
}

/**
 * Replaces the pair, and keeps the previous one as `<path>.old`.
 *
 * Here too the key decides. Both files are written aside, then the key is renamed to its path, then the certificate. A
 * process that finds the new key with the previous certificate can put the new one there: see `finishRenewal`.
 *
 * @param onStaged Runs when both files lie aside and nothing else is changed yet.
 * @throws FileError `file_unwritable`, `file_unreadable`
 */
export async function replaceKeyPair(paths: KeyPairPaths, pair: KeyPair, onStaged: () => Promise<void>): Promise<void> {
  const aside = asidePaths(paths, pair.keyPem)
  let hasKey = false
  try {
    await writing(paths.certificatePath, () => writeNewFile(aside.certificatePath, pair.certificatePem, 0o644))
    await writing(paths.keyPath, () => writeNewFile(aside.keyPath, pair.keyPem, 0o600))
    await onStaged()
    await keepOld(paths.certificatePath, 0o644)
    await keepOld(paths.keyPath, 0o600)
    await writing(paths.keyPath, () => rename(aside.keyPath, paths.keyPath))
    hasKey = true
    await finishRenewal(paths, pair.keyPem)
  } finally {
    await discard(aside.keyPath)
    // If the new key is in place, the next start needs the new certificate.
    if (!hasKey) await discard(aside.certificatePath)
  }
}

/**
 * Replaces the certificate with that of the key at `paths.keyPath` if `replaceKeyPair` stopped, or still is, between its two
 * steps. Does nothing if no such certificate lies aside.
 *
 * @throws FileError `file_unwritable`
 */
export async function finishRenewal(paths: KeyPairPaths, keyPem: string): Promise<void> {
  const aside = asidePaths(paths, keyPem)
  await writing(paths.certificatePath, async () => {
    try {
      await rename(aside.certificatePath, paths.certificatePath)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  })
}

async function keepOld(path: string, mode: number): Promise<void> {
  const text = await readFileIfPresent(path)
  if (text !== undefined) await writeFileAtomically(`${path}.old`, text, { mode })
}

async function publishCertificate(aside: KeyPairPaths, paths: KeyPairPaths, pair: KeyPair): Promise<boolean> {
  let published = false
  try {
    published =
      (await linkUnless(['EEXIST'], aside.certificatePath, paths.certificatePath)) ||
      // Another process may have finished this publication already.
      (await readCertificateFile(paths.certificatePath)) === pair.certificatePem
  } finally {
    if (!published) await discard(paths.keyPath)
  }
  return published
}

/** Creates a link, which unlike a rename never replaces a file. Returns false for the expected system errors. */
async function linkUnless(expected: readonly string[], from: string, to: string): Promise<boolean> {
  return writing(to, async () => {
    try {
      await link(from, to)
      return true
    } catch (error) {
      if (expected.includes(errorCode(error) ?? '')) return false
      throw error
    }
  })
}

/** The paths of an unpublished pair: next to its final paths, with names unique to the key. */
export function asidePaths(paths: KeyPairPaths, keyPem: string): KeyPairPaths {
  const publicKey = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 32)
  return { certificatePath: `${paths.certificatePath}.${id}.new`, keyPath: `${paths.keyPath}.${id}.new` }
}
