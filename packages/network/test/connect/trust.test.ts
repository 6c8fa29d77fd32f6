import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { getCACertificates, rootCertificates } from 'node:tls'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { test, type Test } from 'tap'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { readTrustedCertificates } from '../../src/connect/trust.ts'

const authorities = { a: newAuthority(), b: newAuthority(), c: newAuthority() }

function newAuthority(): string {
  return createAuthority().pem.replaceAll('\r', '')
}

async function folderWith(t: Pick<Test, 'teardown'>, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'authenticator-network-'))
  t.teardown(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** The names of the authorities, in the order they were read. */
function namesOf(certificates: readonly string[]): string[] {
  const trimmed = new Map(Object.entries(authorities).map(([name, pem]) => [pem.trim(), name]))
  return certificates.map((pem) => trimmed.get(pem.replaceAll('\r', '').trim()) ?? 'another')
}

void test('the trusted certificates', async (t) => {
  const { a, b, c } = authorities
  const folder = await folderWith(t, {
    a,
    b,
    c,
    both: `# two\n${a}\ntext between\n${b.replaceAll('\n', '\r\n')}`,
    all: a + b + c,
  })
  const at = (name: string): string => join(folder, name)
  const cases: readonly (readonly [
    label: string,
    environment: Record<string, string>,
    names: string[],
    caBundle?: string,
  ])[] = [
    ['a bundle', { AWS_CA_BUNDLE: at('both') }, ['a', 'b']],
    ['AWS_CA_BUNDLE before all others', { AWS_CA_BUNDLE: at('a'), SSL_CERT_FILE: at('b') }, ['a'], at('c')],
    ["the profile's bundle before OpenSSL's", { SSL_CERT_FILE: at('b') }, ['c'], at('c')],
    ['SSL_CERT_FILE', { SSL_CERT_FILE: at('b'), AWS_CA_BUNDLE: '' }, ['b']],
    ['what NODE_EXTRA_CA_CERTS adds', { AWS_CA_BUNDLE: at('a'), NODE_EXTRA_CA_CERTS: at('b') }, ['a', 'b']],
    ['each once', { AWS_CA_BUNDLE: at('all'), NODE_EXTRA_CA_CERTS: at('a') }, ['a', 'b', 'c']],
  ]
  for (const [label, environment, names, caBundle] of cases) {
    t.same(namesOf(await readTrustedCertificates({ environment, caBundle })), names, label)
  }
})

void test('SSL_CERT_DIR: all certificates of its folders, ignoring other files', async (t) => {
  const { a, b, c } = authorities
  const first = await folderWith(t, {
    '1.pem': a,
    'key.pem': '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n',
  })
  const second = await folderWith(t, { '2.pem': b, notes: 'nothing' })
  await mkdir(join(first, 'folder'))
  await symlink(join(first, '1.pem'), join(first, 'hash.0'))
  await symlink('/nonexistent', join(first, 'dangling.0'))
  const file = join(await folderWith(t, { c }), 'c')
  const SSL_CERT_DIR = [first, second].join(delimiter)
  t.same(namesOf(await readTrustedCertificates({ environment: { SSL_CERT_DIR } })), ['a', 'b'])
  t.same(namesOf(await readTrustedCertificates({ environment: { SSL_CERT_DIR, SSL_CERT_FILE: file } })), [
    'c',
    'a',
    'b',
  ])
})

void test("the system's store by default", async (t) => {
  const expected = getCACertificates('system').length > 0 ? getCACertificates('system') : rootCertificates
  t.same(new Set(await readTrustedCertificates({ environment: {} })), new Set(expected))
})

void test('an unusable file is an error that names it and the setting', async (t) => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const folder = await folderWith(t, { empty: '', text: 'no certificate', broken })
  const empty = await folderWith(t, {})
  const missing = join(folder, 'missing')
  for (const setting of ['AWS_CA_BUNDLE', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']) {
    const failure: unknown = await readTrustedCertificates({ environment: { [setting]: missing } }).catch(
      (e: unknown) => e,
    )
    t.ok(failure instanceof FileError)
    t.match(failure, { code: 'file_unreadable', message: new RegExp(`${missing}.*${setting}`) })
  }
  for (const name of ['empty', 'text', 'broken']) {
    const environment = { AWS_CA_BUNDLE: join(folder, name) }
    await t.rejects(readTrustedCertificates({ environment }), { code: 'file_invalid', message: /AWS_CA_BUNDLE/ }, name)
  }
  await t.rejects(readTrustedCertificates({ environment: { SSL_CERT_DIR: empty } }), { code: 'file_invalid' })
  await t.rejects(readTrustedCertificates({ environment: {}, caBundle: missing }), { message: /ca_bundle/ })
})
