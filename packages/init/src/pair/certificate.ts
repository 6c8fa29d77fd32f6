import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { type Host, parseHost } from './host.ts'

const COMMON_NAME = 'aws-iam-authenticator'
const LIFETIME_YEARS = 100
const UNSPECIFIED = new Set(['0.0.0.0', '::'])

/** A private key and the certificate of its public key, both as PEM. */
export interface KeyPair {
  readonly certificatePem: string
  readonly keyPem: string
}

/** RSA with 2048 bits, or ECDSA with the curve P-256. */
export type KeyType = 'rsa' | 'ecdsa'

export interface CertificateOptions {
  /** The name or IP address that the API server connects to. */
  readonly hostname: string
  /** The address that the server listens on. `0.0.0.0` and `::` are not put into the certificate. */
  readonly address: string
  /** The type of a new key. Default: `rsa`. */
  readonly keyType?: KeyType
  /** The start of the validity of 100 years. */
  readonly now: Date
}

/**
 * Creates a key, as PEM `RSA PRIVATE KEY` (PKCS#1) or `EC PRIVATE KEY` (SEC 1), and a self-signed CA certificate (RFC 5280)
 * for a server at `hostname` and `address`.
 *
 * @throws HostError `host_invalid`, before anything is generated
 */
export async function createKeyPair(options: CertificateOptions): Promise<KeyPair> {
  const altNames = subjectAltNames(options)
  const keyPem = await createKey(options.keyType ?? 'rsa')
  // Loaded on demand: a server with a pair needs neither the X.509 library nor its memory.
  const { signCertificate } = await import('./x509.ts')
  const certificatePem = signCertificate({
    commonName: COMMON_NAME,
    notBefore: options.now,
    notAfter: addYears(options.now, LIFETIME_YEARS),
    altNames,
    publicKey: createPublicKey(keyPem),
    privateKey: createPrivateKey(keyPem),
  })
  return { certificatePem, keyPem }
}

async function createKey(type: KeyType): Promise<string> {
  if (type === 'ecdsa') {
    const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    return String(privateKey.export({ type: 'sec1', format: 'pem' }))
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return String(privateKey.export({ type: 'pkcs1', format: 'pem' }))
}

function subjectAltNames({ hostname, address }: CertificateOptions): Host[] {
  const hosts = new Map<string, Host>()
  const listening = parseHost(address)
  if (!UNSPECIFIED.has(listening.value)) hosts.set(listening.value, listening)
  const named = parseHost(hostname)
  hosts.set(named.value, named)
  return [...hosts.values()]
}

function addYears(date: Date, years: number): Date {
  const later = new Date(date)
  later.setUTCFullYear(later.getUTCFullYear() + years)
  return later
}
