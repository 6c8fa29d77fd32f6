import { createPrivateKey, X509Certificate } from 'node:crypto'
import { FileError, type FileErrorCode } from '@aws-iam-authenticator/core'
import type { CertificateOptions, KeyPair } from './certificate.ts'
import { finishPublication, type KeyPairPaths, publishKeyPair } from './publish.ts'
import { readFileIfPresent } from './read-file.ts'
import { makeParentDirectory } from './write-file.ts'

/** Where the pair lies (PEM files), and what a new one is made for. */
export interface KeyPairOptions extends KeyPairPaths, CertificateOptions {}

export interface LoadedKeyPair extends KeyPair {
  /** Whether this call made the pair; false when it was there. */
  readonly created: boolean
}

/**
 * Loads the pair, or makes one where neither file exists: the certificate with mode 0644, the key with mode 0600, their
 * folders where missing. A file that exists is never changed. Calls at the same time, from any number of processes,
 * end with the same pair.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unwritable`
 * @throws HostError `host_invalid`, only where a pair would be made
 */
export async function loadOrCreateKeyPair(options: KeyPairOptions): Promise<LoadedKeyPair> {
  const existing = await loadKeyPair(options)
  if (existing !== undefined) return { ...existing, created: false }

  // Loaded when needed: a server with a pair has no use for the X.509 library, nor for the memory that it takes.
  const { createKeyPair } = await import('./certificate.ts')
  const pair = await createKeyPair(options)
  await makeParentDirectory(options.certificatePath)
  await makeParentDirectory(options.keyPath)
  if (await publishKeyPair(options, pair)) return { ...pair, created: true }
  return loadOrCreateKeyPair(options)
}

async function loadKeyPair(paths: KeyPairPaths): Promise<KeyPair | undefined> {
  // A new pair's key appears before its certificate, so read in this order a certificate without a key is no race.
  let certificatePem = await readFileIfPresent(paths.certificatePath)
  const keyPem = await readFileIfPresent(paths.keyPath)
  if (keyPem === undefined) {
    if (certificatePem === undefined) return undefined
    throw incomplete(paths.certificatePath, paths.keyPath)
  }

  const key = parse(() => createPrivateKey(keyPem), 'private key', paths.keyPath, paths)
  if (certificatePem === undefined) {
    await finishPublication(paths, keyPem)
    certificatePem = await readFileIfPresent(paths.certificatePath)
    if (certificatePem === undefined) throw incomplete(paths.keyPath, paths.certificatePath)
  }
  const text = certificatePem
  const certificate = parse(() => new X509Certificate(text), 'certificate', paths.certificatePath, paths)
  if (!certificate.checkPrivateKey(key)) {
    const problem = `The certificate ${paths.certificatePath} is not that of the key ${paths.keyPath}`
    throw pairError('key_pair_mismatch', problem, paths)
  }
  return { certificatePem, keyPem }
}

function parse<T>(read: () => T, content: string, path: string, paths: KeyPairPaths): T {
  try {
    return read()
  } catch (cause) {
    throw pairError('file_invalid', `${path} holds no ${content} in PEM that can be read`, paths, { cause })
  }
}

function incomplete(present: string, missing: string): FileError {
  return new FileError(
    'key_pair_incomplete',
    `Found ${present} but not ${missing}; nothing was changed. ` +
      `Restore ${missing}, or move ${present} away to have a new pair made.`,
  )
}

function pairError(code: FileErrorCode, problem: string, paths: KeyPairPaths, options?: ErrorOptions): FileError {
  const { certificatePath, keyPath } = paths
  const remedy = `Restore the right one, or move both ${certificatePath} and ${keyPath} away to have a new pair made.`
  return new FileError(code, `${problem}; nothing was changed. ${remedy}`, options)
}
