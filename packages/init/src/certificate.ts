import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { type Host, parseHost } from './host.ts'

const COMMON_NAME = 'aws-iam-authenticator'
const LIFETIME_YEARS = 100
const UNSPECIFIED = new Set(['0.0.0.0', '::'])
// GeneralName's tags, RFC 5280 section 4.2.1.6
const DNS_NAME = 2
const IP_ADDRESS = 7

/** A private key and the certificate of its public half, both as PEM. */
export interface KeyPair {
  readonly certificatePem: string
  readonly keyPem: string
}

export interface CertificateOptions {
  /** The name or IP address that the API server connects to. */
  readonly hostname: string
  /** The address that the server listens on; `0.0.0.0` and `::` are no names and are left out. */
  readonly address: string
  /** The start of validity, which lasts 100 years. */
  readonly now: Date
}

/**
 * Makes an RSA key of 2048 bits (PKCS#1) and a self-signed certificate (RFC 5280) that is its own authority, for a
 * server at `hostname` and `address`.
 *
 * @throws HostError `host_invalid`, before anything is generated
 */
export async function createKeyPair(options: CertificateOptions): Promise<KeyPair> {
  const altNames = subjectAltNames(options)
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })

  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  // The leading 01 keeps the number positive and its length fixed, whatever the random bits are.
  certificate.serialNumber = `01${randomBytes(16).toString('hex')}`
  certificate.validity.notBefore = options.now
  certificate.validity.notAfter = addYears(options.now, LIFETIME_YEARS)
  const name = [{ name: 'commonName', value: COMMON_NAME }]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true, keyCertSign: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    { name: 'subjectAltName', altNames },
  ])
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create())

  return { certificatePem: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n'), keyPem: privateKey }
}

type GeneralName = { readonly type: typeof DNS_NAME; value: string } | { readonly type: typeof IP_ADDRESS; ip: string }

function subjectAltNames({ hostname, address }: CertificateOptions): GeneralName[] {
  const hosts = new Map<string, Host>()
  const listening = parseHost(address)
  if (!UNSPECIFIED.has(listening.value)) hosts.set(listening.value, listening)
  const named = parseHost(hostname)
  hosts.set(named.value, named)
  return Array.from(hosts.values(), ({ type, value }) =>
    type === 'dns' ? { type: DNS_NAME, value } : { type: IP_ADDRESS, ip: value },
  )
}

function addYears(date: Date, years: number): Date {
  const later = new Date(date)
  later.setUTCFullYear(later.getUTCFullYear() + years)
  return later
}
