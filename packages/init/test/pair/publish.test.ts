import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { test } from 'tap'
import { createKeyPair } from '../../src/pair/certificate.ts'
import { loadOrCreateKeyPair } from '../../src/pair/key-pair.ts'
import { asidePaths, finishPublication, publishKeyPair } from '../../src/pair/publish.ts'
import { namesIn, temporaryFolder } from '../../../files/test/temporary-folder.ts'
import { pairPaths } from './pair-paths.ts'

const identity = { hostname: 'localhost', address: '127.0.0.1', now: new Date('2025-03-04T05:06:07Z') }
const pair = await createKeyPair(identity)
const unwritable = { constructor: FileError, code: 'file_unwritable' }

void test('an existing key is kept, and no certificate is put beside it', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  await writeFile(paths.keyPath, 'theirs')
  t.notOk(await publishKeyPair(paths, pair))
  t.same(await namesIn(folder), ['key.pem'])
  t.equal(await readFile(paths.keyPath, 'utf8'), 'theirs')
})

void test('an existing certificate is kept, and the key beside it is removed', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  await writeFile(paths.certificatePath, 'theirs')
  t.notOk(await publishKeyPair(paths, pair))
  t.same(await namesIn(folder), ['cert.pem'])
  t.equal(await readFile(paths.certificatePath, 'utf8'), 'theirs')
})

void test('the own certificate, already linked by another process, counts as published', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  await writeFile(paths.certificatePath, pair.certificatePem)
  t.ok(await publishKeyPair(paths, pair))
  t.same(await namesIn(folder), ['cert.pem', 'key.pem'])
})

void test('a failure at either file leaves nothing behind', async (t) => {
  const folder = await temporaryFolder(t)
  const missing = join(folder, 'missing')
  const { certificatePath, keyPath } = pairPaths(folder)
  const noKey = pairPaths(missing).keyPath
  const noCertificate = pairPaths(missing).certificatePath
  await t.rejects(publishKeyPair({ certificatePath, keyPath: noKey }, pair), { ...unwritable, message: noKey })
  await t.rejects(publishKeyPair({ certificatePath: noCertificate, keyPath }, pair), {
    ...unwritable,
    message: noCertificate,
  })
  t.same(await namesIn(folder), [])
})

void test('the key is removed if the certificate path cannot be compared', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  await mkdir(paths.certificatePath)
  await t.rejects(publishKeyPair(paths, pair), { code: 'file_unreadable', message: paths.certificatePath })
  t.same(await namesIn(folder), ['cert.pem'])
})

void test('a publication killed between its two links is completed at the next start', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  const aside = asidePaths(paths, pair.keyPem)
  await writeFile(paths.keyPath, pair.keyPem, { mode: 0o600 })
  await writeFile(aside.certificatePath, pair.certificatePem)

  const loaded = await loadOrCreateKeyPair({ ...paths, ...identity })
  t.notOk(loaded.created)
  t.equal(loaded.certificatePem, pair.certificatePem)
  t.same(await namesIn(folder), ['cert.pem', 'key.pem'])
})

void test('a publication killed before its first link does not block later ones', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  const aside = asidePaths(paths, pair.keyPem)
  await writeFile(aside.keyPath, pair.keyPem)
  await writeFile(aside.certificatePath, pair.certificatePem)
  const loaded = await loadOrCreateKeyPair({ ...paths, ...identity })
  t.ok(loaded.created)
  t.not(loaded.certificatePem, pair.certificatePem)
})

void test('completing never replaces a certificate, and needs no staged one', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  await finishPublication(paths, pair.keyPem)
  t.same(await namesIn(folder), [])

  const aside = asidePaths(paths, pair.keyPem)
  await writeFile(aside.certificatePath, pair.certificatePem)
  await writeFile(paths.certificatePath, 'theirs')
  await finishPublication(paths, pair.keyPem)
  t.equal(await readFile(paths.certificatePath, 'utf8'), 'theirs')

  await rm(paths.certificatePath)
  const below = { ...paths, certificatePath: join(aside.certificatePath, 'cert.pem') }
  await t.rejects(finishPublication(below, pair.keyPem), unwritable)
})

void test('a renewal killed between its two steps is completed at the next start', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = pairPaths(folder)
  const next = await createKeyPair({ ...identity, keyType: 'ecdsa' })
  await writeFile(paths.certificatePath, pair.certificatePem)
  await writeFile(paths.keyPath, next.keyPem, { mode: 0o600 })
  await writeFile(asidePaths(paths, next.keyPem).certificatePath, next.certificatePem)
  const loaded = await loadOrCreateKeyPair({ ...paths, ...identity })
  t.equal(loaded.certificatePem, next.certificatePem)
  t.same(await namesIn(folder), ['cert.pem', 'key.pem'])
})
