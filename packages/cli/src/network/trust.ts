import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { getCACertificates, rootCertificates } from 'node:tls'
import { FileError } from '@aws-iam-authenticator/core'
import { firstSet, type Environment } from './environment.ts'

export interface TrustOptions {
  readonly environment: Environment
  /** The AWS profile's `ca_bundle`: as AWS_CA_BUNDLE, which wins over it. */
  readonly caBundle?: string | undefined
}

/** A path and the setting that names it. */
interface Named {
  readonly setting: string
  readonly path: string
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

function certificatesIn(text: string): string[] {
  return (text.match(PEM) ?? []).filter(isCertificate)
}

function unreadable({ setting, path }: Named, cause: unknown): FileError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FileError('file_unreadable', `Can't read ${path}, which ${setting} names: ${reason}`, { cause })
}

function mustHold({ setting, path }: Named, certificates: string[]): string[] {
  if (certificates.length > 0) return certificates
  throw new FileError('file_invalid', `${path}, which ${setting} names, holds no certificate in PEM form`)
}

async function readBundle(named: Named): Promise<string[]> {
  let text: string
  try {
    text = await readFile(named.path, 'utf8')
  } catch (cause) {
    throw unreadable(named, cause)
  }
  return mustHold(named, certificatesIn(text))
}

async function readFolder(named: Named): Promise<string[]> {
  let names: string[]
  try {
    names = await readdir(named.path)
  } catch (cause) {
    throw unreadable(named, cause)
  }
  // A folder of certificates holds other things too: keys nobody may read, subfolders, dangling links.
  const texts = await Promise.all(names.map((name) => readFile(join(named.path, name), 'utf8').catch(() => '')))
  return mustHold(named, texts.flatMap(certificatesIn))
}

async function readOpenSslStore(file: string | undefined, folders: string | undefined): Promise<string[]> {
  const inFile = file === undefined ? [] : await readBundle({ setting: 'SSL_CERT_FILE', path: file })
  const paths = folders?.split(delimiter).filter((path) => path !== '') ?? []
  const inFolders = await Promise.all(paths.map((path) => readFolder({ setting: 'SSL_CERT_DIR', path })))
  return [...inFile, ...inFolders.flat()]
}

function systemStore(): readonly string[] {
  const system = getCACertificates('system')
  return system.length > 0 ? system : rootCertificates
}

async function chooseStore({ environment, caBundle }: TrustOptions): Promise<readonly string[]> {
  const awsBundle = firstSet(environment, 'AWS_CA_BUNDLE')
  if (awsBundle !== undefined) return await readBundle({ setting: 'AWS_CA_BUNDLE', path: awsBundle })
  if (caBundle !== undefined) return await readBundle({ setting: 'ca_bundle of the AWS profile', path: caBundle })
  const file = firstSet(environment, 'SSL_CERT_FILE')
  const folders = firstSet(environment, 'SSL_CERT_DIR')
  return file === undefined && folders === undefined ? systemStore() : await readOpenSslStore(file, folders)
}

/**
 * Reads the CA certificates that connections to AWS trust, PEM, each once: the bundle of AWS_CA_BUNDLE or of the
 * profile, else what SSL_CERT_FILE and SSL_CERT_DIR name, else the system's store, else the runtime's own roots. Those
 * in NODE_EXTRA_CA_CERTS are added.
 *
 * The runtimes read these variables each in its own way, and not all of them: so the certificates are handed to each
 * connection, which leaves out whatever the runtime would trust by itself.
 *
 * @throws {FileError} `file_unreadable`, `file_invalid`
 */
export async function readTrustedCertificates(options: TrustOptions): Promise<string[]> {
  const store = await chooseStore(options)
  const extra = firstSet(options.environment, 'NODE_EXTRA_CA_CERTS')
  const added = extra === undefined ? [] : await readBundle({ setting: 'NODE_EXTRA_CA_CERTS', path: extra })
  return [...new Set([...store, ...added])]
}
