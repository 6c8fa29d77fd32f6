import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { test, type Test } from 'tap'
import { stringify } from 'yaml'
import { fromKubeconfig, readKubeconfig } from '../../src/kubeconfig/kubeconfig.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

interface Parts {
  readonly cluster?: Readonly<Record<string, unknown>>
  readonly user?: Readonly<Record<string, unknown>>
  readonly more?: Readonly<Record<string, unknown>>
}

/** Writes a kubeconfig of two contexts; `main` is the current one. */
function write(t: Test, { cluster = {}, user = {}, more = {} }: Parts): string {
  const config = {
    clusters: [
      { name: 'other', cluster: { server: 'https://other.example' } },
      { name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } },
    ],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'u' } },
      { name: 'second', context: { cluster: 'other', user: 'u' } },
    ],
    'current-context': 'main',
    ...more,
  }
  const folder = t.testdir({ 'ca.pem': 'CA', token: 'from a file\n' })
  const path = join(folder, 'config')
  writeFileSync(path, stringify(config))
  return path
}

void test('the current context gives the server and its credentials', async (t) => {
  const path = write(t, {
    cluster: { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' },
    user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
  })
  const { server, tls, authorization } = await fromKubeconfig(path, null)
  t.equal(server, 'https://10.0.0.1:6443')
  t.same(tls, { ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'kubernetes' })
  t.equal(await authorization(), null)
  t.match(await fromKubeconfig(path, 'https://master.example'), { server: 'https://master.example' })
  t.match(await readKubeconfig([path], { master: null, context: 'second' }), { server: 'https://other.example' })
})

void test('files are relative to the kubeconfig, and data takes precedence over files', async (t) => {
  const { tls } = await fromKubeconfig(write(t, { cluster: { 'certificate-authority': 'ca.pem' } }), null)
  t.same(tls, { ca: 'CA' })
  const both = { 'certificate-authority': 'missing.pem', 'certificate-authority-data': base64('DATA') }
  t.same((await fromKubeconfig(write(t, { cluster: both }), null)).tls, { ca: 'DATA' })
})

void test('certificate checks are off only if the kubeconfig says exactly that', async (t) => {
  for (const [value, expected] of [
    [true, { rejectUnauthorized: false }] as const,
    ['true', {}] as const,
    [false, {}] as const,
  ]) {
    const { tls } = await fromKubeconfig(write(t, { cluster: { 'insecure-skip-tls-verify': value } }), null)
    t.same(tls, expected, String(value))
  }
})

void test('ways to authenticate', async (t) => {
  const authorizationOf = async (user: Parts['user'] & object): Promise<string | null> =>
    (await fromKubeconfig(write(t, { user }), null)).authorization()
  t.equal(await authorizationOf({ token: 'abc' }), 'Bearer abc')
  t.equal(await authorizationOf({ tokenFile: 'token', token: 'abc' }), 'Bearer from a file')
  t.equal(await authorizationOf({ username: 'admin', password: 'pw' }), `Basic ${base64('admin:pw')}`)
  t.equal(await authorizationOf({ username: 'admin' }), `Basic ${base64('admin:')}`)
  t.equal(await authorizationOf({}), null)
})

void test('a token file is read at each request', async (t) => {
  const path = write(t, { user: { tokenFile: 'token' } })
  const { authorization } = await fromKubeconfig(path, null)
  writeFileSync(join(path, '../token'), 'rotated')
  t.equal(await authorization(), 'Bearer rotated')
})

void test('an unusable setting is an error that names the file', async (t) => {
  const fails = async (path: string, code: string, context: string | null = null): Promise<void> => {
    const error: unknown = await readKubeconfig([path], { master: null, context }).catch((thrown: unknown) => thrown)
    t.ok(error instanceof FileError && error.code === code && error.message.includes(path), `${code}: ${String(error)}`)
  }
  await fails('/nonexistent/config', 'file_unreadable')
  const folder = t.testdir({ broken: 'a: [', list: '[]', empty: '' })
  await fails(join(folder, 'broken'), 'file_invalid')
  await fails(join(folder, 'list'), 'file_invalid')
  await fails(join(folder, 'empty'), 'file_invalid')
  await fails(write(t, { more: { 'current-context': 'gone' } }), 'file_invalid')
  await fails(write(t, { more: { clusters: [] } }), 'file_invalid')
  await fails(write(t, { more: { contexts: 'none' } }), 'file_invalid')
  await fails(write(t, { cluster: { server: 'not a url' } }), 'file_invalid')
  await fails(write(t, { user: { 'auth-provider': { name: 'gcp' } } }), 'file_invalid')
  await fails(write(t, { cluster: { 'certificate-authority': 'gone.pem' } }), 'file_unreadable')
  await fails(write(t, {}), 'file_invalid', 'mian')
  await fails(write(t, { more: { contexts: [] } }), 'file_invalid', 'main')
  await t.rejects(fromKubeconfig(write(t, { user: { exec: { command: 'aws' } } }), null), { code: 'file_invalid' })
})

void test('an error quotes nothing of the file, which contains secrets', async (t) => {
  const texts = ['users:\n  - user: {token: "s3cret-token\n', 'token: s3cret-token\n  password: s3cret-token: x\n']
  for (const text of texts) {
    const path = join(t.testdir({ config: text }), 'config')
    const error: unknown = await fromKubeconfig(path, null).catch((thrown: unknown) => thrown)
    t.ok(error instanceof FileError)
    t.notMatch(String(error), /s3cret/)
  }
})

/** Writes each kubeconfig to a folder of its own, and returns the paths. */
function writeAll(t: Test, files: Readonly<Record<string, unknown>>): string[] {
  const folders = Object.entries(files).map(([name, config]) => [name, { config: stringify(config) }] as const)
  const folder = t.testdir(Object.fromEntries(folders))
  return Object.keys(files).map((name) => join(folder, name, 'config'))
}

void test('of several files the first with a name wins, with all its content', async (t) => {
  const paths = writeAll(t, {
    first: {
      'current-context': '',
      users: [{ name: 'u', user: { tokenFile: 'token' } }],
    },
    second: {
      'current-context': 'main',
      clusters: [{ name: 'c', cluster: { server: 'https://second.example' } }],
      users: [{ name: 'u', user: { token: 'other', 'client-certificate-data': base64('CERT') } }],
    },
    third: {
      'current-context': 'gone',
      clusters: [
        { name: 'c', cluster: { server: 'https://third.example', 'certificate-authority-data': base64('CA') } },
      ],
      contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
    },
  })
  const [first = '', second = '', third = ''] = paths
  writeFileSync(join(first, '../token'), 'of the first')
  const none = join(third, '../none')
  const found = await readKubeconfig([none, first, second, none, third], { master: null })
  t.match(found, { server: 'https://second.example', userPath: first })
  t.same(found.tls, {}, 'nothing is added to an entry from another file')
  t.equal(await found.authorization(), 'Bearer of the first')
})

void test('an error in one of several files names that file', async (t) => {
  const [good = '', user = '', broken = ''] = writeAll(t, {
    good: {
      'current-context': 'main',
      clusters: [{ name: 'c', cluster: { server: 'https://a.example' } }],
      contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
    },
    user: {
      clusters: [{ name: 'x', cluster: { server: 'nonsense' } }],
      users: [{ name: 'u', user: { 'client-certificate': 'gone.pem' } }],
      contexts: [{ name: 'other', context: { cluster: 'x', user: 'v' } }],
    },
    broken: {},
  })
  writeFileSync(broken, 'a: [')
  const none = join(good, '../none')
  const fails = async (
    files: string[],
    code: string,
    names: string[],
    context: string | null = null,
  ): Promise<void> => {
    const error: unknown = await readKubeconfig(files, { master: null, context }).catch((thrown: unknown) => thrown)
    if (!(error instanceof FileError)) throw error
    t.equal(error.code, code)
    const named = [good, user, broken, none].filter((path) => error.message.includes(path))
    t.same(named, names, error.message)
  }
  await fails([good, broken], 'file_invalid', [broken])
  await fails([good, join(user, '..')], 'file_unreadable', [])
  await fails([none, none], 'file_unreadable', [none])
  await fails([good, user], 'file_unreadable', [user])
  await fails([good, user], 'file_invalid', [user], 'other')
  await fails([good, user], 'file_invalid', [good, user], 'nowhere')
})
