import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { COMMAND, minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'
import { cannotMislead, startDirectSts } from './harness/direct-sts.ts'
import { eventually } from './harness/eventually.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { cannotMount, mountSmallDisk } from './harness/small-disk.ts'
import { REGION, startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'

const HOST = `sts.${REGION}.amazonaws.com`
const UID = 65_534
const asUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--inh-caps=-all'] as const
const wrapper = [...asUser, 'env', '--unset=NODE_OPTIONS'] as const
const [program, ...options] = wrapper
const cannotSwitch =
  spawnSync(program, [...options, ...COMMAND, 'version'], { env: {} }).status === 0
    ? false
    : 'only root can run the command as another user'

function status(server: Pick<TestServer, 'port' | 'folder'>): Promise<Finished> {
  const command = ['status', `--port=${server.port}`, `--state-dir=${server.folder}`]
  return runCommand(command, { environment: minimalEnvironment(server.folder) })
}

/** Asserts the exit code and the verdict, whose lines are joined. */
async function isVerdict(t: Test, server: TestServer, code: number, expected: RegExp): Promise<void> {
  const found = await status(server)
  const [verdict = ''] = found.stdout.split('\n\n')
  t.match({ code: found.code, verdict: verdict.replaceAll('\n', ' ') }, { code, verdict: expected }, found.stderr)
}

t.test('a full disk', { skip: cannotMount }, async (t) => {
  const disk = await mountSmallDisk(t, 128)
  const { folder } = disk
  const configuration = `${USER_CONFIGURATION}  auditLog: ${join(folder, 'audit.jsonl')}\n`
  const server = await startTestServer(t, { aws: await startAws(t), configuration, folder })
  await isVerdict(t, server, 0, /^healthy: 0 logins/)
  disk.leave(0)
  await server.review(userToken())
  await server.waitForLog(({ msg }) => String(msg).startsWith('the audit log'))
  await isVerdict(t, server, 2, /^the audit log \S+\/audit\.jsonl can't be written: ENOSPC.*; make room/)
})

t.test('STS that does not resolve, then refuses connections, then answers', { skip: cannotMislead }, async (t) => {
  const aws = await startAws(t)
  const way = await startDirectSts(t, aws.port)
  const configuration = `${USER_CONFIGURATION}  tokenCacheTTL: 0\n`
  const environment = { HTTPS_PROXY: '' }
  const server = await startTestServer(t, { aws, configuration, environment, wrapper: way.wrapper })
  const startedAt = Date.now()
  let signed = 0
  const logIn = async (): Promise<number> => {
    signed += 1
    return (await server.review(userToken({ date: new Date(startedAt - signed * 1000) }))).status
  }
  t.equal(await logIn(), 502)
  const notFound =
    /^the last call to STS failed: .*sts\.us-east-1\.amazonaws\.com can't be reached: .*(?:ENOTFOUND|EAI_AGAIN)/
  await isVerdict(t, server, 2, notFound)
  way.resolve(HOST)
  await way.become('gone')
  for (let login = 0; login < 3; login += 1) t.equal(await logIn(), 502)
  await isVerdict(t, server, 2, /^STS does not answer: the last 3 calls failed: /)
  t.match((await status(server)).stdout, /^ready +NO: sts$/m)
  await way.become('up')
  await eventually(t, 'logins pass again', 200, 2_000, logIn)
  await isVerdict(t, server, 0, /^healthy: 1 login in the last 5 min, \d refused$/)
})

async function init(folder: string): Promise<void> {
  const command = ['init', '-i', 'k8s.local']
  await runCommand(command, { cwd: folder, environment: minimalEnvironment(folder) })
}

t.test('a renewed pair that the server may not read', { skip: cannotSwitch }, async (t) => {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  const state = join(folder, 'state')
  mkdirSync(state)
  await init(state)
  for (const path of [state, join(state, 'cert.pem'), join(state, 'key.pem')]) chownSync(path, UID, UID)
  chmodSync(join(aws.caFile, '..'), 0o755)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder: state, wrapper })
  await isVerdict(t, server, 0, /^healthy: 0 logins/)
  const next = temporaryFolder(t)
  await init(next)
  const key = join(state, 'key.pem')
  copyFileSync(key, join(next, 'old.pem'))
  rmSync(key)
  copyFileSync(join(next, 'key.pem'), key)
  chmodSync(key, 0o600)
  await server.waitForLog(({ msg }) => String(msg).startsWith('the TLS pair in the state folder is not loaded'))
  await isVerdict(t, server, 2, /^the TLS pair in the state folder is not loaded: .*key\.pem/)
  copyFileSync(join(next, 'cert.pem'), join(state, 'cert.pem'))
  const found = await status(server)
  t.match(found, { code: 1, stdout: '', stderr: /the server has not loaded \S+cert\.pem \(its log says why\)/ })
})
