import { spawn, spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { COMMAND, minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'

const KUBECONFIG = 'aws-iam-authenticator.kubeconfig'
const KILLS = 24
/** The time before the first file is touched. */
const STARTING = 0.3
/** The delay of each file operation, in microseconds, so that kills fall between them. */
const STEP_US = 10_000
const STEPS = 'fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,fchmod'

function init(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return runCommand(['init', '-i', 'k8s.local', ...args], { cwd, environment: minimalEnvironment(cwd) })
}

function text(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

/** The certificates that the webhook kubeconfig trusts, as PEM. */
function trusted(folder: string): readonly string[] {
  const [, data = ''] = /certificate-authority-data: (\S+)/.exec(text(folder, KUBECONFIG)) ?? []
  return (
    Buffer.from(data, 'base64')
      .toString()
      .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  )
}

function matches(folder: string): boolean {
  return new X509Certificate(text(folder, 'cert.pem')).checkPrivateKey(createPrivateKey(text(folder, 'key.pem')))
}

t.test('init --force renews: a new pair, the previous one beside it, and a kubeconfig that trusts both', async (t) => {
  const folder = temporaryFolder(t)
  t.equal((await init(folder)).code, 0)
  const [certificate, key] = [text(folder, 'cert.pem'), text(folder, 'key.pem')]
  const renewed = await init(folder, '--force', '--key-type=ecdsa')
  t.match(renewed, { code: 0, stdout: '', stderr: /level=warning msg="restart the API server/ })
  t.same(readdirSync(folder).sort(), [KUBECONFIG, 'cert.pem', 'cert.pem.old', 'key.pem', 'key.pem.old'])
  t.ok(matches(folder))
  t.ok(text(folder, 'key.pem').startsWith('-----BEGIN EC PRIVATE KEY-----\n'))
  t.equal(text(folder, 'cert.pem.old'), certificate)
  t.ok(text(folder, 'key.pem.old') === key)
  for (const name of ['key.pem', 'key.pem.old']) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  t.same(trusted(folder), [text(folder, 'cert.pem'), certificate])
  t.equal((await init(folder)).code, 0)
  t.same(trusted(folder), [text(folder, 'cert.pem')], 'a later init trusts the new one alone')
})

t.test('--force creates a missing pair and replaces garbage', async (t) => {
  const folder = temporaryFolder(t)
  t.equal((await init(folder, '--force')).code, 0)
  t.same(readdirSync(folder).sort(), [KUBECONFIG, 'cert.pem', 'key.pem'])
  t.ok(matches(folder))
})

t.test('an invalid key type is a usage error', async (t) => {
  const folder = temporaryFolder(t)
  t.match(await init(folder, '--key-type=dsa'), { code: 1, stderr: /^Error: invalid argument for --key-type/m })
  t.same(readdirSync(folder), [])
})

/** Runs init with slow files, kills it after a time, and returns whether it ended before. */
async function killedInit(folder: string, args: readonly string[], afterMs: number): Promise<boolean> {
  const slow = ['-f', '-qq', '-o', '/dev/null', '-e', `inject=${STEPS}:delay_enter=${STEP_US}`]
  const command = [...COMMAND, 'init', '-i', 'k8s.local', '--key-type=ecdsa', ...args]
  const child = spawn('strace', [...slow, ...command], {
    cwd: folder,
    env: minimalEnvironment(folder),
    detached: true,
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  const isOver = await Promise.race([ended.then(() => true), setTimeout(afterMs, false)])
  if (!isOver && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  await ended
  return isOver
}

/** Each file is complete or absent. */
function checkWhole(t: Test, folder: string, what: string): void {
  const names = readdirSync(folder)
  if (names.includes('cert.pem')) t.ok(new X509Certificate(text(folder, 'cert.pem')).ca, `${what}: the certificate`)
  if (names.includes('key.pem')) t.ok(createPrivateKey(text(folder, 'key.pem')), `${what}: the key`)
  if (names.includes(KUBECONFIG)) t.ok(trusted(folder).length > 0, `${what}: the kubeconfig`)
  const shown = names.filter((name) => name.startsWith('key.pem'))
  for (const name of shown) t.equal(statSync(join(folder, name)).mode & 0o077, 0, `${what}: ${name}`)
}

const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0

for (const args of [[], ['--force']]) {
  const name = `kill -9 at any moment of init ${args.join('')} leaves nothing half-written`
  t.test(name, { skip: canTrace ? false : 'strace does not run here' }, async (t) => {
    const trial = temporaryFolder(t)
    t.equal((await init(trial, '--key-type=ecdsa')).code, 0)
    const startedAt = performance.now()
    t.ok(await killedInit(args.length === 0 ? temporaryFolder(t) : trial, args, 20_000), 'without a kill it ends')
    const took = performance.now() - startedAt
    for (let kill = 0; kill < KILLS; kill += 1) {
      const folder = temporaryFolder(t)
      if (args.length > 0) await init(folder, '--key-type=ecdsa')
      const what = `kill ${kill} of ${KILLS}`
      await killedInit(folder, args, took * (STARTING + ((1 - STARTING) * (kill + 1)) / KILLS))
      const before = readdirSync(folder).includes(KUBECONFIG) ? trusted(folder) : null
      checkWhole(t, folder, what)
      const next = await init(folder)
      t.equal(next.code, 0, `${what}: the next init\n${next.stderr}`)
      t.ok(matches(folder), `${what}: the pair`)
      const certificate = text(folder, 'cert.pem')
      if (args.length > 0) t.ok(before?.includes(certificate), `${what}: the kubeconfig had trusted the pair in place`)
      t.same(trusted(folder), [certificate], `${what}: the kubeconfig after it`)
    }
  })
}
