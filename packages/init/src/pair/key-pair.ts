import { createPrivateKey, X509Certificate } from 'node:crypto'
import { FileError, type FileErrorCode } from '@aws-iam-authenticator/core/errors/errors'
import { type CertificateOptions, createKeyPair, type KeyPair } from './certificate.ts'
import { finishPublication, finishRenewal, type KeyPairPaths, publishKeyPair } from './publish.ts'
import { readCertificateFile, readKeyFile } from './read-pair-file.ts'
import { makeParentDirectory } from '@aws-iam-authenticator/files/write/write-file'

/** The paths of the pair (PEM files), and the content of a new one. */
export interface KeyPairOptions extends KeyPairPaths, CertificateOptions {}

interface LoadedKeyPair extends KeyPair {
  /** True if this call created the pair, false if it existed. */
  readonly created: boolean
}

/** A pair that was loaded, or that was created and not written yet. */
interface PreparedKeyPair extends KeyPair {
  /**
   * Writes a new pair to its paths. Returns the pair that is there afterwards, which may be that of a faster process.
   *
   * @throws FileError as `loadOrCreateKeyPair`
   */
  publish(): Promise<LoadedKeyPair>
}

/**
 * Loads the pair, or creates one if neither file exists, without writing it yet.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unsafe`
 * @throws HostError `host_invalid`, only where a pair would be made
 */
export async function prepareKeyPair(options: KeyPairOptions): Promise<PreparedKeyPair> {
  const existing = await loadKeyPair(options)
  if (existing !== undefined) {
    return { ...existing, publish: () => Promise.resolve({ ...existing, created: false }) }
  }
  const pair = await createKeyPair(options)
  const publish = async (): Promise<LoadedKeyPair> => {
    await makeParentDirectory(options.certificatePath)
    await makeParentDirectory(options.keyPath)
    if (await publishKeyPair(options, pair)) return { ...pair, created: true }
    return loadOrCreateKeyPair(options)
  }
  return { ...pair, publish }
}

/**
 * Loads the pair, or creates one if neither file exists: the certificate with mode 0644, the key with mode 0600, and missing
 * folders. Never changes an existing file. Concurrent calls, in any number of processes, return the same pair.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unsafe`, `file_unwritable`
 * @throws HostError `host_invalid`, only where a pair would be made
 */
export async function loadOrCreateKeyPair(options: KeyPairOptions): Promise<LoadedKeyPair> {
  return (await prepareKeyPair(options)).publish()
}

/**
 * Loads the existing pair; undefined if neither file exists. Finishes a creation or renewal that was interrupted.
 *
 * @throws FileError `key_pair_incomplete`, `key_pair_mismatch`, `file_invalid`, `file_unreadable`, `file_unsafe`, `file_unwritable`
 */
export async function loadKeyPair(paths: KeyPairPaths): Promise<KeyPair | undefined> {
  // The key of a new pair appears before its certificate. In this order, a certificate without a key is not a race.
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
