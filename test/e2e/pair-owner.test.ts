import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { COMMAND, minimalEnvironment, temporaryFolder } from './harness/command.ts'
import { makeOddFile, runBounded } from './harness/odd-file.ts'
import { startTestServer } from './harness/server.ts'
import { CLUSTER_ID } from './harness/token.ts'
import { startAws } from './harness/webhook.ts'

const STRANGER = 4_321
const SERVER_UID = 10_000
const NOBODY = 65_534
const AS_NOBODY = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  'env',
  '--unset=NODE_OPTIONS',
] as const
const [program, ...before] = AS_NOBODY
const skip =
  process.geteuid?.() === 0 && spawnSync(program, [...before, ...COMMAND, 'version'], { env: {} }).status === 0
    ? false
    : 'only root can give files to other users'

/** A folder with a pair, and a function that runs init there, as root or nobody. */
interface Pair {
  readonly path: (name: string) => string
  readonly init: (asNobody?: boolean) => Promise<string | null>
}

async function makePair(t: { teardown(action: () => void): void }): Promise<Pair> {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o777)
  const path = (name: string): string => join(folder, name)
  /** The line of the error; null without one. */
  const init = async (asNobody = false): Promise<string | null> => {
    const run = { cwd: folder, environment: minimalEnvironment(folder), ...(asNobody && { wrapper: AS_NOBODY }) }
    const { code, stderr } = await runBounded(['init', '-i', CLUSTER_ID, '--key-type=ecdsa'], run)
    return code === 0 ? null : (stderr.split('\n').find((line) => line.startsWith('Error: ')) ?? stderr)
  }
  const error = await init()
  if (error !== null) throw new Error(error)
  return { path, init }
}

type Case = readonly [name: 'key.pem' | 'cert.pem', uid: number, gid: number, mode: number]

const ACCEPTED: readonly Case[] = [
  ['key.pem', 0, 0, 0o600],
  ['key.pem', 0, 0, 0o400],
  // The modes that a volume with fsGroup makes of 0400 and 0600.
  ['key.pem', 0, 2_000, 0o440],
  ['key.pem', 0, 2_000, 0o640],
  ['key.pem', SERVER_UID, SERVER_UID, 0o600],
  ['cert.pem', SERVER_UID, SERVER_UID, 0o644],
  ['cert.pem', 0, 2_000, 0o444],
]

const REJECTED: readonly Case[] = [
  ['key.pem', 0, 0, 0o604],
  ['key.pem', 0, 0, 0o602],
  ['key.pem', 0, 0, 0o601],
  ['key.pem', 0, 0, 0o620],
  ['key.pem', SERVER_UID, SERVER_UID, 0o644],
  ['key.pem', STRANGER, STRANGER, 0o600],
  ['key.pem', STRANGER, STRANGER, 0o666],
  ['cert.pem', STRANGER, STRANGER, 0o644],
  ['cert.pem', 0, 0, 0o664],
  ['cert.pem', 0, 0, 0o646],
]

t.test('a pair of root, of the server or of this user is loaded', { skip }, async (t) => {
  for (const [name, uid, gid, mode] of ACCEPTED) {
    const { path, init } = await makePair(t)
    chownSync(path(name), uid, gid)
    chmodSync(path(name), mode)
    t.equal(await init(), null, `${name} ${uid} ${mode.toString(8)}`)
  }
  const { path, init } = await makePair(t)
  for (const name of ['key.pem', 'cert.pem']) {
    mkdirSync(path(`mounted-${name}`))
    renameSync(path(name), join(path(`mounted-${name}`), name))
    symlinkSync(join(`mounted-${name}`, name), path(name))
  }
  t.equal(await init(), null, 'behind symbolic links, as volumes of a Secret have them')
})

t.test('a pair that others own or can change is an error with the command that fixes it', { skip }, async (t) => {
  for (const [name, uid, gid, mode] of REJECTED) {
    const what = `${name} ${uid} ${mode.toString(8)}`
    const { path, init } = await makePair(t)
    const text = readFileSync(path(name), 'utf8')
    chownSync(path(name), uid, gid)
    chmodSync(path(name), mode)
    const error = (await init()) ?? ''
    t.ok(
      error.startsWith(`Error: Can't use ${name} (owner uid ${uid}, mode 0${mode.toString(8)}): `),
      `${what}: ${error}`,
    )
    t.equal(readFileSync(path(name), 'utf8'), text, `${what}: nothing is changed`)
    const fix = /run as root: (.+)$/.exec(error)?.[1] ?? ''
    t.equal(spawnSync('sh', ['-c', fix], { cwd: path('.') }).status, 0, fix)
    t.equal(await init(), null, `${what}: accepted after ${fix}`)
  }
})

t.test('another user may load its own pair, and one of root that its group can read', { skip }, async (t) => {
  const { path, init } = await makePair(t)
  chownSync(path('key.pem'), 0, NOBODY)
  chmodSync(path('key.pem'), 0o440)
  t.equal(await init(true), null, 'of root')
  for (const name of ['key.pem', 'cert.pem']) chownSync(path(name), NOBODY, NOBODY)
  t.equal(await init(true), null, 'its own')
  chownSync(path('key.pem'), STRANGER, NOBODY)
  t.match(await init(true), /Can't use key\.pem \(owner uid 4321, mode 0440\)/)
})

t.test('the certificate of another user is not trusted beside a new one', { skip }, async (t) => {
  const { path } = await makePair(t)
  chownSync(path('cert.pem'), STRANGER, STRANGER)
  const run = { cwd: path('.'), environment: minimalEnvironment(path('.')) }
  const { code, stderr } = await runBounded(['init', '-i', CLUSTER_ID, '--force'], run)
  t.equal(code, 1)
  t.match(stderr, /Can't use cert\.pem \(owner uid 4321/)
  t.equal(lstatSync(path('cert.pem')).uid, STRANGER)
})

t.test('a running server keeps its pair, and logs the reason', { skip }, async (t) => {
  const server = await startTestServer(t, { aws: await startAws(t), args: ['--kubeconfig-pregenerated'] })
  const next = await makePair(t)
  const key = join(server.folder, 'key.pem')
  const logged = (pattern: RegExp): Promise<unknown> =>
    server.waitForLog(({ msg, error }) => /not loaded/.test(String(msg)) && pattern.test(String(error)))
  const isServing = async (): Promise<number> => (await server.request({ path: '/healthz' })).status

  copyFileSync(next.path('key.pem'), key)
  copyFileSync(next.path('cert.pem'), join(server.folder, 'cert.pem'))
  chownSync(key, STRANGER, STRANGER)
  await logged(/key\.pem \(owner uid 4321, mode 0600\).* run as root: chown 0 /)
  t.equal(await isServing(), 200)
  chownSync(key, 0, 0)
  chmodSync(key, 0o644)
  await logged(/key\.pem \(owner uid 0, mode 0644\).* run as root: chmod 600 /)
  rmSync(key)
  await makeOddFile(t, 'FIFO', key)
  await logged(/key\.pem: it is a FIFO/)
  t.equal(await isServing(), 200)
  rmSync(key)
  await makeOddFile(t, 'broken link', key)
  await logged(/key\.pem: it is a symbolic link/)
  rmSync(key)
  copyFileSync(next.path('key.pem'), key)
  await server.waitForLog(({ msg }) => msg === 'took over the new TLS pair')
})
