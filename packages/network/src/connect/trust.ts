import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { pemBlocks } from '@aws-iam-authenticator/core/document/pem-blocks'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { readText } from '@aws-iam-authenticator/files/read-text'
import { firstSet } from '../environment.ts'
import { namedBundle, type Named, type TrustOptions } from './trust-source.ts'

/** The PEM labels that OpenSSL accepts for a certificate. */
const LABELS = ['CERTIFICATE', 'TRUSTED CERTIFICATE', 'X509 CERTIFICATE']

/**
 * True if the PEM has the form of a certificate: a complete DER sequence that begins with another one. More data may follow,
 * as in OpenSSL's trusted certificates.
 */
function isCertificate(pem: string): boolean {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const lengths = (der[1] ?? 0) < 0x80 ? 0 : (der[1] ?? 0) & 0x7f
  if (der[0] !== 0x30 || lengths > 4 || der.length < 2 + lengths) return false
  const length = lengths === 0 ? (der[1] ?? 0) : der.readUIntBE(2, lengths)
  return der.length >= 2 + lengths + length && der[2 + lengths] === 0x30
}

function isAccepted(certificates: string[]): boolean {
  try {
    createSecureContext({ ca: certificates })
    return true
  } catch {
    return false
  }
}

/** Drops invalid certificates. Node.js ignores them, but Bun would reject the whole list. */
function onlyAccepted(certificates: string[]): string[] {
  const isLenient = process.versions['bun'] === undefined
  return isLenient || isAccepted(certificates) ? certificates : certificates.filter((one) => isAccepted([one]))
}

function certificatesIn(text: string): string[] {
  return pemBlocks(text, LABELS).filter(isCertificate)
}

function unreadable({ setting, path }: Named, cause: unknown): FileError {
  return new FileError(
    'file_unreadable',
    `Can't read ${path}, which ${setting} names: ${messageOf(cause)}: correct or unset it`,
    {
      cause,
    },
  )
}

function mustHold({ setting, path }: Named, certificates: string[]): string[] {
  const accepted = onlyAccepted(certificates)
  if (accepted.length > 0) return accepted
  throw new FileError(
    'file_invalid',
    `${path}, which ${setting} names, holds no certificate in PEM form: correct or unset it`,
  )
}

// Synchronous, because starting the threads of an asynchronous read takes longer.
function readBundle(named: Named): string[] {
  let text: string
  try {
    text = readRegularFileSync(named.path)
  } catch (cause) {
    throw unreadable(named, cause)
  }
  return mustHold(named, certificatesIn(text))
}

function readFolder(named: Named): string[] {
  let names: string[]
  try {
    names = readdirSync(named.path)
  } catch (cause) {
    throw unreadable(named, cause)
  }
  // A folder of certificates may also hold unreadable keys, subfolders and dangling links.
  const texts = names.map((name) => readText(join(named.path, name)) ?? '')
  return mustHold(named, texts.flatMap(certificatesIn))
}

function readOpenSslStore(file: string | undefined, folders: string | undefined): string[] {
  const inFile = file === undefined ? [] : readBundle({ setting: 'SSL_CERT_FILE', path: file })
  const paths = folders?.split(delimiter).filter((path) => path !== '') ?? []
  return [...inFile, ...paths.flatMap((path) => readFolder({ setting: 'SSL_CERT_DIR', path }))]
}

function systemStore(): readonly string[] {
  const system = getCACertificates('system')
  return system.length > 0 ? system : rootCertificates
}

function chooseStore(options: TrustOptions): readonly string[] {
  const { environment } = options
  const bundle = namedBundle(options)
  if (bundle !== undefined) return readBundle(bundle)
  const file = firstSet(environment, 'SSL_CERT_FILE')?.value
  const folders = firstSet(environment, 'SSL_CERT_DIR')?.value
  return file === undefined && folders === undefined ? systemStore() : readOpenSslStore(file, folders)
}

/**
 * Reads the CA certificates that connections to AWS trust, as PEM without duplicates. The source is the bundle of
 * AWS_CA_BUNDLE or of the profile, else SSL_CERT_FILE and SSL_CERT_DIR, else the system's store, else the runtime's roots.
 * Certificates in NODE_EXTRA_CA_CERTS are added.
 *
 * Each runtime reads only some of these variables, in its own way. Passing the certificates to each connection replaces the
 * runtime's choice.
 *
 * @throws {FileError} `file_unreadable`, `file_invalid`
 */
export async function readTrustedCertificates(options: TrustOptions): Promise<string[]> {
  // Read first, because the runtime reads this file with the system's store and would wait for a FIFO.
  const extra = firstSet(options.environment, 'NODE_EXTRA_CA_CERTS')?.value
  const added = extra === undefined ? [] : readBundle({ setting: 'NODE_EXTRA_CA_CERTS', path: extra })
  const store = chooseStore(options)
  return [...new Set([...store, ...added])]
}
