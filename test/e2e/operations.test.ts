import { networkInterfaces } from 'node:os'
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'
import { metricsOf, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const ACCOUNT = USER.arn.split(':')[4] ?? ''

function status(server: TestServer, ...args: readonly string[]): Promise<Finished> {
  const command = ['status', `--port=${server.port}`, `--state-dir=${server.folder}`, ...args]
  return runCommand(command, { environment: minimalEnvironment(server.folder) })
}

async function start(t: Test, extra = '', args: readonly string[] = []): Promise<TestServer> {
  return startTestServer(t, { aws: await startAws(t), configuration: USER_CONFIGURATION + extra, args })
}

function auditLines(path: string): readonly unknown[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}

t.test('/livez and /readyz on both ports, at the configured health address', async (t) => {
  const health = await freePort()
  const server = await start(t, `  healthAddress: 127.0.0.1:${health}\n`)
  const list =
    '[+]ping ok\n[+]shutdown ok\n[+]certificate ok\n[+]backend-MountedFile ok\n[+]sts ok\nreadyz check passed\n'
  t.match(await server.request({ path: '/readyz' }), { status: 200, text: 'ok' })
  t.match(await server.request({ path: '/livez?verbose' }), { status: 200, text: '[+]ping ok\nlivez check passed\n' })
  t.match(await server.request({ path: '/readyz?verbose' }), { status: 200, text: list })
  for (const [path, text] of [
    ['/readyz?verbose', list],
    ['/readyz', 'ok'],
    ['/anything', 'ok'],
  ] as const) {
    const answer = await request(`http://127.0.0.1:${health}${path}`, { reset: true })
    t.same([answer.statusCode, await answer.body.text()], [200, text], path)
  }
})

t.test('an unloaded backend and unreachable STS are not ready; the network gets no reason', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, {
    aws,
    configuration: USER_CONFIGURATION + '  dynamicBackendModePath: /nonexistent/modes.json\n',
    environment: { HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` },
  })
  for (let call = 0; call < 3; call += 1) {
    t.match(await server.request({ path: '/readyz' }), { status: 200 }, `before failure ${call + 1}`)
    t.equal((await server.review(userToken({ date: new Date(Date.now() - call * 1000) }))).status, 502)
  }
  const answer = await server.request({ path: '/readyz' })
  t.equal(answer.status, 500)
  t.match(answer.text, /^\[-\]sts failed: reason withheld$/m)
  t.match(answer.text, /^readyz check failed$/m)
  t.match(await server.request({ path: '/livez' }), { status: 200 })
  const asked = await status(server)
  t.equal(asked.code, 2)
  t.match(asked.stdout, /^STS does not answer: the last 3 calls failed/)
  t.match(asked.stdout, /^ready +NO: sts$/m)
  for (const line of asked.stdout.split('\n')) t.ok(line.length <= 80, line)
})

t.test('status on the node shows the server without secrets', async (t) => {
  const server = await start(t, '  auditLog: /dev/full\n')
  const token = userToken()
  t.equal(verdict(await server.review(token)), true)
  await server.review('k8s-aws-v1.rubbish')
  const text = await status(server)
  t.equal(text.code, 2, text.stderr)
  t.match(text.stdout, /^the audit log \/dev\/full can't be written: /)
  t.match(text.stdout, /^server +\S+ \(\w+\), (bun|node) [\d.]+, up .*, pid \d+$/m)
  t.match(text.stdout, /^backends +MountedFile: 0 roles, 1 user, 0 accounts; changed /m)
  t.match(text.stdout, /^sts +sts\.us-east-1\.amazonaws\.com: 1 call, 0 failed\n +p50 [\d.]+ ms, p99 [\d.]+ ms/m)
  t.match(text.stdout, /^logins +1 granted, 1 refused in 5 min$/m)
  t.match(text.stdout, /malformed_token/)
  t.match(text.stdout, /^audit log +\/dev\/full\n +! .*ENOSPC/m)
  t.notMatch(text.stdout, '\u001b', 'no colours in a pipe')
  for (const line of text.stdout.split('\n')) t.ok(line.length <= 80, line)
  const found: unknown = JSON.parse((await status(server, '-o', 'json')).stdout)
  t.match(found, {
    clusterId: 'k8s.local',
    certificate: { keyType: 'rsa', fault: null, names: /DNS:localhost/ },
    backends: [{ mode: 'MountedFile', isLoaded: true, users: 1, fault: null }],
    decisions: { granted: 1, refused: 1 },
    refusals: [{ reason: 'malformed_token', arn: null, count: 1 }],
  })
  t.notOk(JSON.stringify(found).includes(token.slice(20, 60)))
  t.notMatch(JSON.stringify(found), /PRIVATE KEY|X-Amz-Signature/)
})

t.test('status reports the reason if no server answers', async (t) => {
  const server = await start(t)
  const gone = await runCommand(['status', `--port=${await freePort()}`, `--state-dir=${server.folder}`])
  t.match(gone, { code: 1, stdout: '', stderr: /^no status: no server listens on 127\.0\.0\.1:\d+/ })
  const empty = await runCommand(['status', `--state-dir=${temporaryFolder(t)}`])
  t.match(empty, { code: 1, stderr: /^no status: can't read the server's certificate .*--state-dir/ })
  const other = await start(t)
  const mismatch = await runCommand(['status', `--port=${server.port}`, `--state-dir=${other.folder}`])
  t.match(mismatch, { code: 1, stderr: /another certificate/ })
})

t.test('/status is a 404 off the loopback', async (t) => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  if (outside === undefined) return t.comment('this machine has no address but its loopback')
  const server = await start(t, '', ['--address=0.0.0.0'])
  const agent = new Agent({ connect: { ca: server.certificate, servername: 'localhost' } })
  t.teardown(() => agent.destroy())
  const ask = async (host: string): Promise<number> => {
    const answer = await agent.request({ origin: `https://${host}:${server.port}`, path: '/status', method: 'GET' })
    await answer.body.dump()
    return answer.statusCode
  }
  t.equal(await ask(outside), 404)
  t.equal(await ask('127.0.0.1'), 200)
  t.equal((await status(server, '--address=0.0.0.0')).code, 0)
  t.match(await status(server, `--address=${outside}`), { code: 1, stderr: /loopback/ })
})

t.test('the audit log has a line for each decision, mode 0600, and is reopened on SIGHUP', async (t) => {
  const path = join(temporaryFolder(t), 'audit.jsonl')
  const server = await start(t, `  auditLog: ${path}\n`)
  const token = userToken()
  await server.review(token)
  await server.review('k8s-aws-v1.rubbish')
  await eventually(t, 'two lines', 2, 2_000, () => auditLines(path).length)
  t.match(auditLines(path), [
    {
      time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
      decision: 'granted',
      arn: USER.arn,
      canonicalArn: USER.arn,
      account: ACCOUNT,
      userId: USER.userId,
      stsHost: 'sts.us-east-1.amazonaws.com',
      client: /^127\.0\.0\.1:\d+$/,
      backend: 'MountedFile',
      entry: /mapUsers\[0\]/,
      username: 'alice',
      latencyMs: Number,
    },
    { decision: 'refused', reason: 'malformed_token', error: String, latencyMs: Number },
  ])
  t.notOk(readFileSync(path, 'utf8').includes(token.slice(20, 60)))
  t.equal(statSync(path).mode & 0o777, 0o600)
  renameSync(path, `${path}.1`)
  process.kill(server.pid, 'SIGHUP')
  await server.waitForLog(({ msg }) => String(msg).includes('reopening the audit log'))
  await server.review('k8s-aws-v1.after')
  t.equal((await server.stop()).code, 0)
  t.equal(auditLines(`${path}.1`).length, 2)
  t.equal(auditLines(path).length, 1, 'flushed at the stop at the latest')
})

t.test('for a scrubbed account the audit log and status have neither ARN nor ids', async (t) => {
  const path = join(temporaryFolder(t), 'audit.jsonl')
  const server = await start(t, `  auditLog: ${path}\n  scrubbedAccounts: ['${ACCOUNT}']\n`)
  t.equal(verdict(await server.review(userToken())), true)
  const shown = (await status(server, '-o', 'json')).stdout
  await server.stop()
  const [line] = auditLines(path)
  t.match(line, { decision: 'granted', username: 'alice' })
  for (const secret of [USER.arn, ACCOUNT, USER.userId]) {
    t.notOk(JSON.stringify(line).includes(secret))
    t.notOk(shown.includes(secret))
  }
})

t.test('a failing disk fails no login, is logged once and counted', async (t) => {
  const server = await start(t, '  auditLog: /dev/full\n')
  for (let login = 0; login < 5; login += 1) {
    t.equal(verdict(await server.review(userToken({ date: new Date(Date.now() - login * 1000) }))), true)
  }
  await eventually(t, 'all are counted', 5, 2_000, async () => (await metricsOf(server))('audit_lost_total'))
  const told = server.log().filter(({ msg }) => String(msg).startsWith('the audit log'))
  t.match(told, [{ level: 'error', error: /ENOSPC/ }])
  t.equal(told.length, 1)
})

t.test('a failed start leaves the files unchanged', async (t) => {
  const running = await start(t)
  const folder = temporaryFolder(t)
  const kubeconfig = join(folder, 'kubeconfig.yaml')
  writeFileSync(kubeconfig, 'mine')
  const common = ['server', '-i', 'k8s.local', `--state-dir=${folder}`, `--generate-kubeconfig=${kubeconfig}`]
  const environment = { ...minimalEnvironment(folder), AWS_REGION: 'us-east-1' }
  const failing: readonly (readonly string[])[] = [
    [`--port=${running.port}`],
    [`--port=${await freePort()}`, '--backend-mode=EKSConfigMap'],
  ]
  for (const args of failing) {
    const { code, stderr } = await runCommand([...common, ...args], { environment })
    t.equal(code, 1, stderr)
    t.equal(readFileSync(kubeconfig, 'utf8'), 'mine', args.join(' '))
    t.throws(() => statSync(join(folder, 'cert.pem')), { code: 'ENOENT' })
    t.throws(() => statSync(join(folder, 'key.pem')), { code: 'ENOENT' })
  }
})
