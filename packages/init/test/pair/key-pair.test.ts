import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { type Test, test } from 'tap'
import { createKeyPair } from '../../src/pair/certificate.ts'
import { HostError } from '../../src/pair/host.ts'
import { loadOrCreateKeyPair } from '../../src/pair/key-pair.ts'
import { modeOf, namesIn, temporaryFolder } from '../../../files/test/temporary-folder.ts'
import { pairPaths } from './pair-paths.ts'

const identity = { hostname: 'localhost', address: '127.0.0.1', now: new Date('2025-03-04T05:06:07Z') }
const pair = await createKeyPair(identity)

/** A folder with the given files, and a call of the function on it. */
async function folderWith(t: Test, certificate?: string, key?: string) {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  if (certificate !== undefined) await writeFile(paths.certificatePath, certificate)
  if (key !== undefined) await writeFile(paths.keyPath, key, { mode: 0o600 })
  return { folder, ...paths, load: () => loadOrCreateKeyPair({ ...paths, ...identity }) }
}

void test('creates a missing pair and its folders, with modes whatever the umask', async (t) => {
  const folder = join(await temporaryFolder(t), 'a', 'state')
  const paths = pairPaths(folder)
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))

  const made = await loadOrCreateKeyPair({ ...paths, ...identity })
  t.ok(made.created)
  t.equal(await modeOf(paths.certificatePath), 0o644)
  t.equal(await modeOf(paths.keyPath), 0o600)
  t.equal(await readFile(paths.certificatePath, 'utf8'), made.certificatePem)
  t.ok((await readFile(paths.keyPath, 'utf8')) === made.keyPem)
  t.same(await namesIn(folder), ['cert.pem', 'key.pem'], 'nothing is left aside')
})

void test('loads an existing pair and does not change it', async (t) => {
  const { load, certificatePath, keyPath } = await folderWith(t, pair.certificatePem, pair.keyPem)
  const before = [await stat(certificatePath), await stat(keyPath)]
  const loaded = await load()
  t.notOk(loaded.created)
  t.equal(loaded.certificatePem, pair.certificatePem)
  t.ok(loaded.keyPem === pair.keyPem)
  const after = [await stat(certificatePath), await stat(keyPath)]
  t.same(
    after.map((s) => [s.ino, s.mtimeMs, s.mode]),
    before.map((s) => [s.ino, s.mtimeMs, s.mode]),
  )
})

void test('half a pair is an error that names both files', async (t) => {
  for (const half of ['certificate', 'key']) {
    const { load, folder, certificatePath, keyPath } =
      half === 'key' ? await folderWith(t, undefined, pair.keyPem) : await folderWith(t, pair.certificatePem)
    const names = await namesIn(folder)
    const error: unknown = await load().catch((thrown: unknown) => thrown)
    t.match(error, { constructor: FileError, code: 'key_pair_incomplete', message: certificatePath }, half)
    t.match(error, { message: keyPath })
    t.same(await namesIn(folder), names, 'nothing is made')
  }
})

void test('a certificate of another key is an error that names both files', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const { load, certificatePath, keyPath } = await folderWith(t, pair.certificatePem, other)
  const error: unknown = await load().catch((thrown: unknown) => thrown)
  t.match(error, { constructor: FileError, code: 'key_pair_mismatch', message: certificatePath })
  t.match(error, { message: keyPath })
  t.equal(await readFile(certificatePath, 'utf8'), pair.certificatePem)
  t.ok((await readFile(keyPath, 'utf8')) === other)
})

void test('invalid PEM is an error that names both files and contains no key', async (t) => {
  const damaged = pair.keyPem.replace(/\n.{64}\n/, '\n')
  const cases: [certificate: string | undefined, key: string][] = [
    ['', pair.keyPem],
    ['rubbish', pair.keyPem],
    [pair.keyPem, pair.keyPem],
    [pair.certificatePem.slice(0, 200), pair.keyPem],
    [pair.certificatePem, ''],
    [pair.certificatePem, 'rubbish'],
    [pair.certificatePem, pair.certificatePem],
    [pair.certificatePem, damaged],
    [undefined, 'rubbish'],
  ]
  for (const [certificate, key] of cases) {
    const { load, certificatePath, keyPath } = await folderWith(t, certificate, key)
    const error: unknown = await load().catch((thrown: unknown) => thrown)
    t.match(error, { constructor: FileError, code: 'file_invalid', message: certificatePath })
    t.match(error, { message: keyPath })
    t.notOk(error instanceof Error && `${error.stack}${String(error.cause)}`.includes(pair.keyPem.slice(40, 90)))
    t.ok((await readFile(keyPath, 'utf8')) === key)
  }
})

void test('unreadable or unwritable files are errors that name them', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  await writeFile(file, 'text')
  const below = pairPaths(file)
  const unreadable = { constructor: FileError, code: 'file_unreadable', message: below.certificatePath }
  await t.rejects(loadOrCreateKeyPair({ ...below, ...identity }), unreadable)

  const { certificatePath, keyPath } = pairPaths(folder)
  await mkdir(keyPath)
  await t.rejects(loadOrCreateKeyPair({ certificatePath, keyPath, ...identity }), {
    code: 'file_unreadable',
    message: keyPath,
  })
})

void test('an invalid hostname creates no file', async (t) => {
  const folder = await temporaryFolder(t)
  const making = loadOrCreateKeyPair({ ...pairPaths(folder), ...identity, hostname: 'local host' })
  await t.rejects(making, { constructor: HostError, code: 'host_invalid' })
  t.same(await namesIn(folder), [])
})

void test('concurrent calls create one pair and agree on it', async (t) => {
  const { load, folder, certificatePath } = await folderWith(t)
  const loaded = await Promise.all(Array.from({ length: 8 }, load))
  t.equal(loaded.filter(({ created }) => created).length, 1)
  t.equal(new Set(loaded.map(({ certificatePem }) => certificatePem)).size, 1)
  t.equal(new Set(loaded.map(({ keyPem }) => keyPem)).size, 1)
  t.equal(await readFile(certificatePath, 'utf8'), loaded[0]?.certificatePem)
  t.ok(new X509Certificate(loaded[0]?.certificatePem ?? '').ca)
  t.same(await namesIn(folder), ['cert.pem', 'key.pem'])
})
