import { constants, privateEncrypt, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import forge from 'node-forge'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

/** A certificate authority for one test. Only clients with `pem` trust it. */
export interface Authority {
  /** The authority's own certificate, PEM. */
  readonly pem: string
  /** The TLS context of a server for `host`, a DNS name or an IP address. It is created once per host. */
  secureContext(host: string): SecureContext
  /** The same with a certificate that expired an hour ago. */
  expiredContext(host: string): SecureContext
  /** The same with a certificate that is valid in an hour. */
  futureContext(host: string): SecureContext
}

/**
 * Makes an authority with a new RSA 2048 key. All server certificates share one more key, because creating keys is
 * slow.
 */
export function createAuthority(): Authority {
  const authorityKey = createKeyPair()
  const serverKey = createKeyPair()
  const name = [{ name: 'commonName', value: 'Sandbox throw-away CA' }]
  const authority = newCertificate(authorityKey.publicKey)
  authority.setSubject(name)
  authority.setIssuer(name)
  authority.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ])
  authority.sign(authorityKey.privateKey, forge.md.sha256.create())
  const pem = forge.pki.certificateToPem(authority)
  const keyIdentifier = authority.generateSubjectKeyIdentifier().getBytes()

  function issue(host: string, validity: Partial<Validity> = {}): string {
    const certificate = newCertificate(serverKey.publicKey)
    Object.assign(certificate.validity, validity)
    certificate.setSubject([{ name: 'commonName', value: host.slice(0, MAX_COMMON_NAME) }])
    certificate.setIssuer(name)
    certificate.setExtensions([
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [alternativeName(host)] },
      { name: 'subjectKeyIdentifier' },
      { name: 'authorityKeyIdentifier', keyIdentifier },
    ])
    certificate.sign(authorityKey.privateKey, forge.md.sha256.create())
    return forge.pki.certificateToPem(certificate)
  }

  const contexts = new Map<string, SecureContext>()
  return {
    pem,
    secureContext(host) {
      const context = contexts.get(host) ?? createSecureContext({ key: serverKey.pem, cert: issue(host) })
      contexts.set(host, context)
      return context
    },
    expiredContext(host) {
      return createSecureContext({ key: serverKey.pem, cert: issue(host, { notAfter: fromNow(-HOUR_MS) }) })
    },
    futureContext(host) {
      return createSecureContext({ key: serverKey.pem, cert: issue(host, { notBefore: fromNow(HOUR_MS) }) })
    },
  }
}

type Validity = forge.pki.Certificate['validity']

function fromNow(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds)
}

/** X.520's upper bound of a common name; clients use only the subjectAltName. */
const MAX_COMMON_NAME = 64

/** The DER prefix of a SHA-256 digest in a PKCS #1 v1.5 signature (RFC 8017, section 9.2). */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex')

interface KeyPair {
  readonly pem: string
  readonly privateKey: forge.pki.rsa.PrivateKey
  readonly publicKey: forge.pki.rsa.PublicKey
}

/** The keys come from node:crypto, which creates them many times faster than node-forge. */
function createKeyPair(): KeyPair {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const privateKey = forge.pki.privateKeyFromPem(pair.privateKey)
  // OpenSSL signs many times faster than node-forge, which counts in tests that reach hundreds of hosts.
  privateKey.sign = (md: forge.md.MessageDigest): string => {
    const digest = Buffer.from(md.digest().getBytes(), 'binary')
    const key = { key: pair.privateKey, padding: constants.RSA_PKCS1_PADDING }
    return privateEncrypt(key, Buffer.concat([SHA256_DIGEST_INFO, digest])).toString('binary')
  }
  return { pem: pair.privateKey, privateKey, publicKey: forge.pki.rsa.setPublicKey(privateKey.n, privateKey.e) }
}

function newCertificate(publicKey: forge.pki.rsa.PublicKey): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = publicKey
  // A serial number is a positive integer (RFC 5280, section 4.1.2.2): the first bit must be 0, the first byte must not.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS)
  certificate.validity.notAfter = new Date(Date.now() + DAY_MS)
  return certificate
}

function alternativeName(host: string): { type: number; value: string } | { type: number; ip: string } {
  return /^[\d.]+$|:/.test(host) ? { type: 7, ip: host } : { type: 2, value: host }
}
