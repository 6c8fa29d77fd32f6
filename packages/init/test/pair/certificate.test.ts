import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { createKeyPair } from '../../src/pair/certificate.ts'
import { HostError } from '../../src/pair/host.ts'
import { temporaryFolder } from '../../../files/test/temporary-folder.ts'

const now = new Date('2025-03-04T05:06:07.890Z')
const run = promisify(execFile)
const pair = await createKeyPair({ hostname: 'localhost', address: '127.0.0.1', now })

void test('the certificate is a self-signed server certificate and authority, valid for 100 years', async (t) => {
  const certificate = new X509Certificate(pair.certificatePem)
  t.equal(certificate.subject, 'CN=aws-iam-authenticator')
  t.equal(certificate.issuer, 'CN=aws-iam-authenticator')
  t.ok(certificate.ca)
  t.ok(certificate.verify(certificate.publicKey), 'signed by its own key')
  t.ok(certificate.checkPrivateKey(createPrivateKey(pair.keyPem)))
  t.same(certificate.publicKey.asymmetricKeyDetails, { modulusLength: 2048, publicExponent: 65537n })
  t.equal(Date.parse(certificate.validFrom), Date.parse('2025-03-04T05:06:07Z'))
  t.equal(Date.parse(certificate.validTo), Date.parse('2125-03-04T05:06:07Z'))
  t.same(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'extended key usage: serverAuth')
  t.match(certificate.serialNumber, /^01[0-9A-F]{32}$/)
})

void test('both are PEM with line feeds only, the key as PKCS#1', async (t) => {
  t.match(pair.certificatePem, /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n$/)
  // Not t.match: a failure would print the key.
  t.ok(pair.keyPem.startsWith('-----BEGIN RSA PRIVATE KEY-----\n'))
  t.ok(pair.keyPem.endsWith('\n-----END RSA PRIVATE KEY-----\n'))
})

void test('an ECDSA key uses P-256, and its certificate does not allow encipherment', async (t) => {
  const made = await createKeyPair({ hostname: 'localhost', address: '127.0.0.1', keyType: 'ecdsa', now })
  t.ok(made.keyPem.startsWith('-----BEGIN EC PRIVATE KEY-----\n'))
  const certificate = new X509Certificate(made.certificatePem)
  t.same(certificate.publicKey.asymmetricKeyDetails, { namedCurve: 'prime256v1' })
  t.ok(certificate.ca)
  t.ok(certificate.verify(certificate.publicKey), 'signed by its own key')
  t.ok(certificate.checkPrivateKey(createPrivateKey(made.keyPem)))
})

const altNames: [hostname: string, address: string, names: string][] = [
  ['localhost', '127.0.0.1', 'IP Address:127.0.0.1, DNS:localhost'],
  ['localhost', '0.0.0.0', 'DNS:localhost'],
  ['localhost', '::', 'DNS:localhost'],
  ['10.0.0.1', '10.0.0.1', 'IP Address:10.0.0.1'],
  ['::1', '0:0:0:0:0:0:0:1', 'IP Address:0:0:0:0:0:0:0:1'],
  ['2001:db8::ff', '10.0.0.1', 'IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:FF'],
  ['::ffff:192.0.2.1', '::', 'IP Address:0:0:0:0:0:FFFF:C000:201'],
  ['API.example.com', 'api.example.com', 'DNS:api.example.com'],
]

for (const [hostname, address, names] of altNames) {
  void test(`subject alternative names of ${hostname} listening on ${address}`, async (t) => {
    const { certificatePem } = await createKeyPair({ hostname, address, now })
    t.equal(new X509Certificate(certificatePem).subjectAltName, names)
  })
}

void test('serial numbers and keys differ from pair to pair', async (t) => {
  const first = new X509Certificate(pair.certificatePem)
  const second = new X509Certificate(
    (await createKeyPair({ hostname: 'localhost', address: '127.0.0.1', now })).certificatePem,
  )
  t.not(first.serialNumber, second.serialNumber)
  t.notOk(first.publicKey.equals(second.publicKey))
})

void test('an invalid hostname or address is rejected', async (t) => {
  const refusal = { constructor: HostError, code: 'host_invalid' }
  await t.rejects(createKeyPair({ hostname: 'a/b', address: '127.0.0.1', now }), refusal)
  await t.rejects(createKeyPair({ hostname: 'localhost', address: '[::]', now }), refusal)
})

/** Runs `openssl` with no environment but PATH, and returns its output. */
async function openssl(...args: string[]): Promise<string> {
  return (await run('openssl', args, { env: { PATH: process.env.PATH } })).stdout
}

const absent = await openssl('version').then(
  () => false,
  () => 'openssl is not on PATH',
)

void test('openssl reads the same values', { skip: absent }, async (t) => {
  const path = join(await temporaryFolder(t), 'cert.pem')
  await writeFile(path, pair.certificatePem)

  const text = await openssl('x509', '-in', path, '-noout', '-text')
  t.match(text, 'Version: 3 (0x2)')
  t.match(text, 'Signature Algorithm: sha256WithRSAEncryption')
  t.match(text, /X509v3 Basic Constraints: critical\n +CA:TRUE\n/)
  t.match(text, /X509v3 Key Usage: critical\n +Digital Signature, Key Encipherment, Certificate Sign\n/)
  t.match(text, /X509v3 Extended Key Usage: ?\n +TLS Web Server Authentication\n/)
  t.match(text, /X509v3 Subject Key Identifier: ?\n +([0-9A-F]{2}:){19}[0-9A-F]{2}\n/)
  t.match(text, /X509v3 Subject Alternative Name: ?\n +IP Address:127\.0\.0\.1, DNS:localhost\n/)

  const der = await openssl('asn1parse', '-in', path)
  t.match(der, /UTCTIME +:250304050607Z/)
  t.match(der, /GENERALIZEDTIME +:21250304050607Z/, 'a year after 2049, RFC 5280 section 4.1.2.5')

  t.match(await openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', path, path), /: OK/)
})

void test('openssl reads the same values of an ECDSA certificate', { skip: absent }, async (t) => {
  const path = join(await temporaryFolder(t), 'cert.pem')
  const made = await createKeyPair({ hostname: 'localhost', address: '::1', keyType: 'ecdsa', now })
  await writeFile(path, made.certificatePem)
  const text = await openssl('x509', '-in', path, '-noout', '-text')
  t.match(text, 'Signature Algorithm: ecdsa-with-SHA256')
  t.match(text, /X509v3 Key Usage: critical\n +Digital Signature, Certificate Sign\n/)
  t.match(text, /X509v3 Subject Alternative Name: ?\n +IP Address:0:0:0:0:0:0:0:1, DNS:localhost\n/)
  t.match(await openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', path, path), /: OK/)
})
