import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { minimalEnvironment, runCommand, type Finished } from './harness/command.ts'
import { personEnvironment } from './harness/person.ts'
import { freePort, startTestServer } from './harness/server.ts'
import { cannotMount, mountSmallDisk } from './harness/small-disk.ts'
import { asked, callerOf, runToken } from './harness/token.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const skip = cannotMount
const KUBECONFIG = 'aws-iam-authenticator.kubeconfig'
const PAIR = ['cert.pem', 'key.pem']

function init(cwd: string, ...args: readonly string[]): Promise<Finished> {
  const environment = minimalEnvironment(cwd)
  return runCommand(['init', '-i', 'k8s.local', '--key-type=ecdsa', ...args], { cwd, environment })
}

/** The files of a folder by name, except the filler. */
function contents(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => name !== '.ballast')
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

function isPair(files: Readonly<Record<string, string>>): boolean {
  const key = createPrivateKey(files['key.pem'] ?? '')
  return new X509Certificate(files['cert.pem'] ?? '').checkPrivateKey(key)
}

/** True if the complete webhook kubeconfig trusts the certificate. */
function trusts(files: Readonly<Record<string, string>>): boolean {
  const [, data = ''] = /certificate-authority-data: (\S+)\n/.exec(files[KUBECONFIG] ?? '') ?? []
  return Buffer.from(data, 'base64')
    .toString()
    .includes(files['cert.pem'] ?? 'no certificate')
}

function isFailure(t: Test, { code, stdout, stderr }: Finished, says: RegExp, what: string): void {
  t.same({ code, stdout }, { code: 1, stdout: '' }, what)
  const errors = stderr.split('\n').filter((line) => line.startsWith('Error: '))
  t.equal(errors.length, 1, `${what}: ${stderr}`)
  t.match(errors[0], says, what)
  t.notMatch(stderr, /\n {4}at |a bug|chown/, what)
}

t.test(
  'init on a disk with room for some files names the failed one, and leaves none incomplete',
  { skip },
  async (t) => {
    const disk = await mountSmallDisk(t)
    const { folder } = disk
    for (let room = 0; ; room += 1) {
      disk.leave(room)
      const finished = await init(folder)
      const files = contents(folder)
      const names = Object.keys(files)
      if (finished.code === 0) {
        t.same(names, [KUBECONFIG, ...PAIR])
        t.ok(isPair(files) && trusts(files))
        t.ok(room > 1, `room for ${room} files was enough`)
        break
      }
      isFailure(t, finished, /^Error: Can't write \S+ as uid 0: ENOSPC.*make room/, `room for ${room}`)
      t.strictSame(names, names.length === 0 ? [] : PAIR, `room for ${room}`)
      if (names.length > 0) t.ok(isPair(files), `room for ${room}: the pair`)
      t.ok(room < 8)
    }
  },
)

t.test('init --force on a full disk keeps the active files', { skip }, async (t) => {
  const disk = await mountSmallDisk(t)
  const { folder } = disk
  t.equal((await init(folder)).code, 0)
  const { 'cert.pem': before } = contents(folder)
  for (let room = 0; ; room += 1) {
    disk.leave(room)
    const finished = await init(folder, '--force')
    const files = contents(folder)
    t.ok(isPair(files) && trusts(files), `room for ${room}: a pair, and a kubeconfig that trusts it`)
    t.notMatch(Object.keys(files).join(), '.new', `room for ${room}`)
    if (finished.code === 0) {
      t.not(files['cert.pem'], before)
      break
    }
    isFailure(t, finished, /^Error: Can't write \S+ as uid 0: ENOSPC.*make room/, `room for ${room}`)
    t.equal(files['cert.pem'], before, `room for ${room}`)
    t.ok(room < 12)
  }
})

t.test(
  'init and the server in a read-only folder name the file and the fix, and change nothing',
  { skip },
  async (t) => {
    const disk = await mountSmallDisk(t)
    disk.makeReadOnly()
    const { folder } = disk
    const says = /^Error: Can't write \S+ as uid 0: EROFS.*mount that file system writable/
    isFailure(t, await init(folder), says, 'init')
    isFailure(t, await startOnce(folder, await freePort()), says, 'server')
    t.same(readdirSync(folder), [])
  },
)

/** A start that must fail. */
async function startOnce(folder: string, port: number): Promise<Finished> {
  const args = [`--state-dir=${join(folder, 'state')}`, `--generate-kubeconfig=${join(folder, 'out', KUBECONFIG)}`]
  const environment = { ...minimalEnvironment('/nonexistent'), AWS_REGION: 'us-east-1' }
  return runCommand(['server', '-i', 'k8s.local', `--port=${port}`, '--key-type=ecdsa', ...args], { environment })
}

t.test('a start on a full disk names the file, and leaves none incomplete', { skip }, async (t) => {
  const disk = await mountSmallDisk(t)
  const [state, out] = [join(disk.folder, 'state'), join(disk.folder, 'out')]
  for (const folder of [state, out]) mkdirSync(folder)
  const port = await freePort()
  for (const room of [0, 1, 2]) {
    disk.leave(room)
    isFailure(
      t,
      await startOnce(disk.folder, port),
      /^Error: Can't write \S+ as uid 0: ENOSPC.*make room/,
      `room for ${room}`,
    )
    t.same({ ...contents(state), ...contents(out) }, {}, `room for ${room}`)
  }
})

t.test('a server continues when its disk fills up, and starts again with the existing files', { skip }, async (t) => {
  const aws = await startAws(t)
  const disk = await mountSmallDisk(t, 128)
  const { folder } = disk
  const port = await freePort()
  const first = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder, port })
  disk.leave(0)
  t.equal(verdict(await first.review(userToken())), true)
  t.equal((await first.stop()).code, 0)
  const before = contents(folder)
  const other = `--port=${await freePort()}`
  const start = [`--config=${join(folder, 'config.yaml')}`, `--state-dir=${folder}`]
  const environment = { ...minimalEnvironment('/nonexistent'), AWS_REGION: 'us-east-1' }
  const moved = ['server', ...start, `--generate-kubeconfig=${join(folder, 'kubeconfig.yaml')}`, other]
  isFailure(
    t,
    await runCommand(moved, { environment }),
    /kubeconfig\.yaml as uid 0: ENOSPC.*make room/,
    'a new kubeconfig',
  )
  t.same(contents(folder), before, 'nothing is changed')

  const again = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder, port })
  t.equal(verdict(await again.review(userToken())), true)
  t.equal((await again.stop()).code, 0)
  t.same(contents(folder), before)
})

t.test(
  'a cache on a full or read-only disk is a warning with the fix, and the token is printed',
  { skip },
  async (t) => {
    const aws = await startAws(t)
    const disk = await mountSmallDisk(t)
    const cache = join(disk.folder, 'cache', 'credentials.yaml')
    mkdirSync(join(disk.folder, 'cache'), { mode: 0o700 })
    const where = { AWS_REGION: 'eu-west-1', AWS_IAM_AUTHENTICATOR_CACHE_FILE: cache }
    const person = personEnvironment(disk.folder, aws.environment, where)
    const token = async (role: string, says: RegExp, what: string): Promise<void> => {
      const startedAt = performance.now()
      const { code, stdout, stderr } = await runToken(['--cache', '-r', role], person)
      t.equal(code, 0, what)
      t.match(stderr, says, what)
      t.match(await callerOf(aws, stdout), /assumed-role/, what)
      // A lock that is left behind would delay the next process.
      t.ok(performance.now() - startedAt < 5_000, what)
    }
    const full =
      /^unable to use cache: can't write \S*cache\S*: ENOSPC[^\n]*: make room there, or set AWS_IAM_AUTHENTICATOR_CACHE_FILE[^\n]*\n$/
    for (const [round, room] of [0, 0, 1].entries()) {
      disk.leave(room)
      await token(ROLE_ARN, full, `round ${round}`)
      t.same(contents(join(disk.folder, 'cache')), {}, `round ${round}: nothing is left behind`)
    }
    disk.leave(8)
    await token(ROLE_ARN, /^$/, 'with room')
    const kept = contents(join(disk.folder, 'cache'))
    t.same(Object.keys(kept), ['credentials.yaml'])
    disk.leave(0)
    const calls = asked(aws).length
    await token(ROLE_ARN, /^$/, 'a warm cache needs no room')
    disk.makeReadOnly()
    await token(ROLE_ARN, /^$/, 'a warm cache is only read')
    t.equal(asked(aws).length, calls, 'and AWS is not asked')
    const session = ['--cache', '-r', ROLE_ARN, '-s', 'another']
    const { code, stdout, stderr } = await runToken(session, person)
    t.equal(code, 0)
    t.match(
      stderr,
      /^unable to use cache: can't write \S+: EROFS[^\n]*: set AWS_IAM_AUTHENTICATOR_CACHE_FILE to[^\n]*\n$/,
    )
    t.match(await callerOf(aws, stdout), /assumed-role\/Reader\/another/)
    t.same(contents(join(disk.folder, 'cache')), kept, 'the cache is as it was')
  },
)
