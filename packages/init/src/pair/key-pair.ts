import { createPrivateKey, X509Certificate } from 'node:crypto'
import { FileError, type FileErrorCode } from '@aws-iam-authenticator/core/errors/errors'
import { type CertificateOptions, createKeyPair, type KeyPair } from './certificate.ts'
import { finishPublication, finishRenewal, type KeyPairPaths, publishKeyPair } from './publish.ts'
import { readCertificateFile, readKeyFile } from './read-pair-file.ts'
import { makeParentDirectory } from '@aws-iam-authenticator/files/write/write-file'

/** Where the pair lies (PEM files), and what a new one is made for. */
export interface KeyPairOptions extends KeyPairPaths, CertificateOptions {}

interface LoadedKeyPair extends KeyPair {
  /** Whether this call made the pair; false when it was there. */
  readonly created: boolean
}

/** A pair that was loaded, or that was made and lies nowhere yet. */
interface PreparedKeyPair extends KeyPair {
  readonly isNew: boolean
  /**
   * Puts a new pair in its place; gives the pair that lies there then, which is another process's where that was faster.
   *
   * @throws FileError as `loadOrCreateKeyPair`
   */
  publish(): Promise<LoadedKeyPair>
}

/**
 * Loads the pair, or makes one where neither file exists, without writing it yet.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unsafe`
 * @throws HostError `host_invalid`, only where a pair would be made
 */
export async function prepareKeyPair(options: KeyPairOptions): Promise<PreparedKeyPair> {
  const existing = await loadKeyPair(options)
  if (existing !== undefined) {
    return { ...existing, isNew: false, publish: () => Promise.resolve({ ...existing, created: false }) }
  }
  const pair = await createKeyPair(options)
  const publish = async (): Promise<LoadedKeyPair> => {
    await makeParentDirectory(options.certificatePath)
    await makeParentDirectory(options.keyPath)
    if (await publishKeyPair(options, pair)) return { ...pair, created: true }
    return loadOrCreateKeyPair(options)
  }
  return { ...pair, isNew: true, publish }
}

/**
 * Loads the pair, or makes one where neither file exists: the certificate with mode 0644, the key with mode 0600, their
 * folders where missing. A file that exists is never changed. Calls at the same time, from any number of processes,
 * end with the same pair.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unsafe`, `file_unwritable`
 * @throws HostError `host_invalid`, only where a pair would be made
 */
export async function loadOrCreateKeyPair(options: KeyPairOptions): Promise<LoadedKeyPair> {
  return (await prepareKeyPair(options)).publish()
}

/**
 * Loads the pair that is there; undefined where neither file is. What a process was killed at, of making or renewing the
 * pair, is finished.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unsafe`, `file_unwritable`
 */
export async function loadKeyPair(paths: KeyPairPaths): Promise<KeyPair | undefined> {
  // A new pair's key appears before its certificate, so read in this order a certificate without a key is no race.
  let certificatePem = await readCertificateFile(paths.certificatePath)
  const keyPem = await readKeyFile(paths.keyPath)
  if (keyPem === undefined) {
    if (certificatePem === undefined) return undefined
    throw incomplete(paths.certificatePath, paths.keyPath)
  }

  const key = parse(() => createPrivateKey(keyPem), 'private key', paths.keyPath, paths)
  if (certificatePem === undefined) {
    await finishPublication(paths, keyPem)
    certificatePem = await readCertificateFile(paths.certificatePath)
    if (certificatePem === undefined) throw incomplete(paths.keyPath, paths.certificatePath)
  }
  const certificateOf = (text: string): X509Certificate =>
    parse(() => new X509Certificate(text), 'certificate', paths.certificatePath, paths)
  if (certificateOf(certificatePem).checkPrivateKey(key)) return { certificatePem, keyPem }
  await finishRenewal(paths, keyPem)
  certificatePem = (await readCertificateFile(paths.certificatePath)) ?? ''
  if (certificateOf(certificatePem).checkPrivateKey(key)) return { certificatePem, keyPem }
  const problem = `The certificate ${paths.certificatePath} is not that of the key ${paths.keyPath}`
  throw pairError('key_pair_mismatch', problem, paths)
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
