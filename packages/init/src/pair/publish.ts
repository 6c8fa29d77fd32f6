import { createHash, createPublicKey } from 'node:crypto'
import { link, rename } from 'node:fs/promises'
import type { KeyPair } from './certificate.ts'
import { systemErrorCode, writing } from '@aws-iam-authenticator/files/write/file-error'
import { readFileIfPresent } from '@aws-iam-authenticator/files/write/read-file'
import { readCertificateFile } from './read-pair-file.ts'
import { discard, writeFileAtomically, writeNewFile } from '@aws-iam-authenticator/files/write/write-file'

export interface KeyPairPaths {
  readonly certificatePath: string
  readonly keyPath: string
}

/**
 * Puts a new pair at its paths unless a file is there already: true when the pair is in place, false when others' files
 * were there first, which stay as they are.
 *
 * No file system sets two names at once, so the key's name decides: both files are written aside and through to the
 * disk, then the key is linked, which only one process can do, then the certificate. Whoever finds the key without its
 * certificate, after a kill or between the two links, can link the certificate too: see `finishPublication`.
 *
 * @throws FileError `file_unwritable`, `file_unreadable`; the paths are then as they were
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
 * Puts the certificate of the key at `paths.keyPath` beside it where `publishKeyPair` was ended, or is still, between
 * its two links. Does nothing where no such certificate lies aside.
 *
 * @throws FileError `file_unwritable`
 */
export async function finishPublication(paths: KeyPairPaths, keyPem: string): Promise<void> {
  const aside = asidePaths(paths, keyPem)
  const finished = await linkUnless(['ENOENT', 'EEXIST'], aside.certificatePath, paths.certificatePath)
  if (finished) await discard(aside.certificatePath)
}

/**
 * Puts a new pair in the place of the one that is there, which stays beside it as `<path>.old`.
 *
 * Here too the key decides: both files are written aside, then the key takes its place, then the certificate. Whoever finds
 * the new key beside the certificate before, after a kill between the two, can put the new one there: see `finishRenewal`.
 * `ready` runs when both lie aside and nothing else is changed yet.
 *
 * @throws FileError `file_unwritable`, `file_unreadable`
 */
export async function replaceKeyPair(paths: KeyPairPaths, pair: KeyPair, ready: () => Promise<void>): Promise<void> {
  const aside = asidePaths(paths, pair.keyPem)
  let hasKey = false
  try {
    await writing(paths.certificatePath, () => writeNewFile(aside.certificatePath, pair.certificatePem, 0o644))
    await writing(paths.keyPath, () => writeNewFile(aside.keyPath, pair.keyPem, 0o600))
    await ready()
    await keepOld(paths.certificatePath, 0o644)
    await keepOld(paths.keyPath, 0o600)
    await writing(paths.keyPath, () => rename(aside.keyPath, paths.keyPath))
    hasKey = true
    await finishRenewal(paths, pair.keyPem)
  } finally {
    await discard(aside.keyPath)
    // Beside its key the new certificate is what the next start needs.
    if (!hasKey) await discard(aside.certificatePath)
  }
}

/**
 * Puts the certificate of the key at `paths.keyPath` in the place of the one before, where `replaceKeyPair` was ended, or is
 * still, between its two steps. Does nothing where no such certificate lies aside.
 *
 * @throws FileError `file_unwritable`
 */
export async function finishRenewal(paths: KeyPairPaths, keyPem: string): Promise<void> {
  const aside = asidePaths(paths, keyPem)
  await writing(paths.certificatePath, async () => {
    try {
      await rename(aside.certificatePath, paths.certificatePath)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
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

/** Links, which unlike a rename never replaces a file; false for the system errors named. */
async function linkUnless(expected: readonly string[], from: string, to: string): Promise<boolean> {
  return writing(to, async () => {
    try {
      await link(from, to)
      return true
    } catch (error) {
      if (expected.includes(systemErrorCode(error))) return false
      throw error
    }
  })
}

/** Where the pair of a key lies until it is published: beside its place, under a name that only this key has. */
export function asidePaths(paths: KeyPairPaths, keyPem: string): KeyPairPaths {
  const publicKey = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 32)
  return { certificatePath: `${paths.certificatePath}.${id}.new`, keyPath: `${paths.keyPath}.${id}.new` }
}
