import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { inClusterEnvironment, layOutServiceAccount, wellKnownServiceAccount } from './in-cluster.ts'

const files = { token: 'one', certificateAuthority: 'pem', namespace: 'kube-system' }
const root = process.getuid?.() === 0 ? false : 'only root may write there'

function read(path: string, name: string): string {
  return readFileSync(join(path, name), 'utf8')
}

await t.test('a folder is laid out and its files rotate together', async (test) => {
  const account = await layOutServiceAccount(join(test.testdir({}), 'serviceaccount'), files)
  test.equal(read(account.path, 'token'), 'one')
  test.equal(read(account.path, 'ca.crt'), 'pem')
  test.equal(read(account.path, 'namespace'), 'kube-system')
  await account.update({ ...files, token: 'two' })
  test.equal(read(account.path, 'token'), 'two')
  test.equal(readdirSync(account.path).filter((name) => name.startsWith('..')).length, 2)
  await account.remove()
  test.notOk(existsSync(account.path))
})

await t.test('the environment of a pod', async (test) => {
  test.same(inClusterEnvironment({ host: '127.0.0.1', port: 6443 }), {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: '6443',
  })
})

await t.test('the well-known folder', { skip: root }, async (test) => {
  await test.test('is used by one test at a time and removed with its empty parents', async (inner) => {
    const base = inner.testdir({})
    const path = join(base, 'secrets/kubernetes.io/serviceaccount')
    const first = await wellKnownServiceAccount(files, path)
    const second = wellKnownServiceAccount({ ...files, token: 'two' }, path)
    inner.equal(read(path, 'token'), 'one')
    await first?.remove()
    const account = await second
    inner.equal(read(path, 'token'), 'two')
    await account?.remove()
    inner.same(readdirSync(base), [])
  })

  await test.test('of the machine itself is not touched', async (inner) => {
    const path = join(inner.testdir({ serviceaccount: { token: 'real' } }), 'serviceaccount')
    inner.equal(await wellKnownServiceAccount(files, path), undefined)
    inner.equal(read(path, 'token'), 'real')
  })

  await test.test('is taken over from a killed process', async (inner) => {
    const path = join(inner.testdir({}), 'kubernetes.io/serviceaccount')
    const { pid } = spawnSync(process.execPath, ['--version'], { env: {} })
    await mkdir(path, { recursive: true })
    await writeFile(join(path, '.sandbox-owner'), String(pid))
    const account = await wellKnownServiceAccount(files, path)
    inner.equal(read(path, 'token'), 'one')
    await account?.remove()
  })
})
