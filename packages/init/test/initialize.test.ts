import { X509Certificate } from 'node:crypto'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import tap, { test } from 'tap'
import { certificatesOfKubeconfig, renderWebhookKubeconfig } from '../src/webhook-kubeconfig.ts'
import { HostError } from '../src/pair/host.ts'
import { initialize } from '../src/initialize.ts'
import { loadOrCreateKeyPair } from '../src/pair/key-pair.ts'
import { modeOf, namesIn, temporaryFolder } from '../../files/test/temporary-folder.ts'
import { pairPaths } from './pair/pair-paths.ts'

const now = new Date('2025-03-04T05:06:07Z')
const settings = { hostname: 'localhost', address: '127.0.0.1', port: 21362, now }

const folder = await temporaryFolder(tap)
const paths = { ...pairPaths(folder), kubeconfigPath: join(folder, 'output', 'aws-iam-authenticator.kubeconfig') }
const files = Object.values(paths)
const first = await initialize({ ...settings, ...paths })

async function stateOfFiles(): Promise<unknown[]> {
  return Promise.all(
    files.map(async (path) => {
      const { ino, mtimeMs, mode } = await stat(path)
      return [ino, mtimeMs, mode, (await readFile(path)).toString('base64').length]
    }),
  )
}

void test('creates a pair and a kubeconfig that trusts it', async (t) => {
  t.same(first, { ...paths, created: true, renewed: false, notAfter: new Date('2125-03-04T05:06:07Z') })
  const certificatePem = await readFile(paths.certificatePath, 'utf8')
  const kubeconfig = renderWebhookKubeconfig({ ...settings, certificatePem })
  t.equal(await readFile(paths.kubeconfigPath, 'utf8'), kubeconfig)
  t.equal(await modeOf(paths.kubeconfigPath), 0o644)
  t.same(await namesIn(folder), ['cert.pem', 'key.pem', 'output'])
})

void test('a second run changes no file', async (t) => {
  await chmod(paths.kubeconfigPath, 0o640)
  const before = await stateOfFiles()
  t.same(await initialize({ ...settings, ...paths }), { ...first, created: false })
  t.same(await stateOfFiles(), before)
})

void test('a different kubeconfig is rewritten, the pair is not', async (t) => {
  const before = await stateOfFiles()
  await initialize({ ...settings, ...paths, port: 8443 })
  t.match(await readFile(paths.kubeconfigPath, 'utf8'), 'https://localhost:8443/authenticate')
  t.equal(await modeOf(paths.kubeconfigPath), 0o644)
  t.same((await stateOfFiles()).slice(0, 2), before.slice(0, 2))
})

void test('a renewal creates a pair, keeps the previous one beside it, and trusts both certificates', async (t) => {
  const before = await readFile(paths.certificatePath, 'utf8')
  const keyBefore = await readFile(paths.keyPath, 'utf8')
  const made = await initialize({ ...settings, ...paths, keyType: 'ecdsa', renew: true })
  t.match(made, { created: true, renewed: true })
  const after = await readFile(paths.certificatePath, 'utf8')
  t.not(after, before)
  t.ok((await readFile(paths.keyPath, 'utf8')).startsWith('-----BEGIN EC PRIVATE KEY-----\n'))
  t.equal(await readFile(`${paths.certificatePath}.old`, 'utf8'), before)
  t.ok((await readFile(`${paths.keyPath}.old`, 'utf8')) === keyBefore)
  t.equal(await modeOf(paths.keyPath), 0o600)
  t.equal(await modeOf(`${paths.keyPath}.old`), 0o600)
  t.same(await namesIn(folder), ['cert.pem', 'cert.pem.old', 'key.pem', 'key.pem.old', 'output'])
  const trusted = certificatesOfKubeconfig(await readFile(paths.kubeconfigPath, 'utf8'))
  t.same(
    trusted.map(({ fingerprint256 }) => fingerprint256),
    [after, before].map((pem) => new X509Certificate(pem).fingerprint256),
  )
  await initialize({ ...settings, ...paths })
  t.equal(certificatesOfKubeconfig(await readFile(paths.kubeconfigPath, 'utf8')).length, 1, 'then the new one alone')
})

void test('a renewal replaces half a pair and garbage, and creates a missing pair', async (t) => {
  for (const [certificate, key] of [
    ['rubbish', 'rubbish'],
    ['rubbish', undefined],
    [undefined, 'rubbish'],
    [undefined, undefined],
  ]) {
    const place = await temporaryFolder(t)
    const inPlace = { ...pairPaths(place), kubeconfigPath: join(place, 'kubeconfig') }
    if (certificate !== undefined) await writeFile(inPlace.certificatePath, certificate)
    if (key !== undefined) await writeFile(inPlace.keyPath, key, { mode: 0o600 })
    const made = await initialize({ ...settings, ...inPlace, renew: true, keyType: 'ecdsa' })
    t.match(made, { created: true, renewed: certificate !== undefined || key !== undefined })
    t.match(await loadOrCreateKeyPair({ ...settings, ...inPlace }), { created: false })
  }
})

void test('a renewal that cannot write its kubeconfig changes nothing', async (t) => {
  const place = await temporaryFolder(t)
  const inPlace = { ...pairPaths(place), kubeconfigPath: join(place, 'kubeconfig') }
  await initialize({ ...settings, ...inPlace })
  const before = await readFile(inPlace.certificatePath, 'utf8')
  const kubeconfigPath = join(inPlace.certificatePath, 'kubeconfig')
  await t.rejects(initialize({ ...settings, ...inPlace, kubeconfigPath, renew: true }), { message: kubeconfigPath })
  t.equal(await readFile(inPlace.certificatePath, 'utf8'), before)
  t.same(await namesIn(place), ['cert.pem', 'key.pem', 'kubeconfig'])
})

void test('an invalid hostname changes no file, with a pair or without', async (t) => {
  const refusal = { constructor: HostError, code: 'host_invalid' }
  const before = await stateOfFiles()
  await t.rejects(initialize({ ...settings, ...paths, hostname: 'a b' }), refusal)
  t.same(await stateOfFiles(), before)

  const empty = await temporaryFolder(t)
  const kubeconfigPath = join(empty, 'kubeconfig')
  await t.rejects(initialize({ ...settings, ...pairPaths(empty), kubeconfigPath, hostname: 'a b' }), refusal)
  t.same(await namesIn(empty), [])
})

void test('an unwritable kubeconfig is an error that names it', async (t) => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const kubeconfigPath = join(file, 'kubeconfig')
  const failure = { constructor: FileError, message: kubeconfigPath }
  await t.rejects(initialize({ ...settings, ...paths, kubeconfigPath }), failure)
})
