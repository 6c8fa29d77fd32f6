import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { COMMAND, minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { cannotMislead, startDirectSts } from './harness/direct-sts.ts'
import { cannotAskKubectl, startFront } from './harness/doctor.ts'
import { arePrinted } from './harness/documented.ts'
import { eventually } from './harness/eventually.ts'
import { DOCTOR, doctorSays, statusSays } from './harness/seen.ts'
import { freePort, startTestServer, type ServerOptions, type TestServer } from './harness/server.ts'
import { cannotMount, mountSmallDisk } from './harness/small-disk.ts'
import { runStatus } from './harness/status.ts'
import { REGION, startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'

const skip = cannotAskKubectl
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', '--unset=NODE_OPTIONS'] as const
const [program, ...options] = asNobody
const cannotSwitch =
  spawnSync(program, [...options, ...COMMAND, 'version'], { env: {} }).status === 0
    ? false
    : 'only root can run the command as another user'
const HEALTHY = /^healthy: \d+ logins? in the last 5 min, \d+ refused$/

function callFailed(why: string): RegExp {
  return new RegExp(
    `^the last call to STS failed: sts\\.us-east-1\\.amazonaws\\.com .*${why}.*: check the way from this node`,
  )
}

interface Running {
  readonly aws: SandboxAws
  readonly server: TestServer
  readonly front: WebhookFront
}

async function start(t: Test, options: Partial<ServerOptions> = {}): Promise<Running> {
  const aws = options.aws ?? (await startAws(t))
  const server = await startTestServer(t, { configuration: USER_CONFIGURATION, ...options, aws })
  return { aws, server, front: await startFront(t, server) }
}

async function init(folder: string): Promise<void> {
  const { code, stderr } = await runCommand(['init', '-i', 'k8s.local'], {
    cwd: folder,
    environment: minimalEnvironment(folder),
  })
  if (code !== 0) throw new Error(stderr)
}

await t.test('a disk that is full, and one that was full at the start', { skip: skip || cannotMount }, async (t) => {
  const disk = await mountSmallDisk(t, 128)
  const { folder } = disk
  const configuration = `${USER_CONFIGURATION}  auditLog: ${join(folder, 'audit.jsonl')}\n`
  const { aws, server, front } = await start(t, { configuration, folder })
  disk.leave(0)
  await doctorSays(t, 'full', front, aws, DOCTOR.isGranted)
  await server.waitForLog(({ msg }) => String(msg).startsWith('the audit log'))
  await statusSays(t, 'full', server, 2, /^the audit log \S+ can't be written: ENOSPC.*; make room or change/)
  await server.stop()
  await doctorSays(t, 'stopped', front, aws, DOCTOR.isRefused)
  await statusSays(t, 'stopped', server, 1, /^no status: no server listens on 127\.0\.0\.1:\d+: is it running, and is/)
  const state = join(folder, 'state')
  const where = [`--state-dir=${state}`, `--generate-kubeconfig=${join(folder, 'out', 'kubeconfig')}`]
  const port = await freePort()
  const failed = await runCommand(['server', '-i', 'k8s.local', `--port=${port}`, ...where], {
    environment: { ...minimalEnvironment('/nonexistent'), AWS_REGION: REGION },
  })
  t.match(failed, { code: 1, stderr: /ENOSPC/ })
  const says =
    /^no status: can't read the server's certificate \S+cert\.pem: ENOENT.*: give the --state-dir or --config of the server; if it is that, the server has not started yet, which its log explains/
  await statusSays(t, 'no start', { ...server, folder: state, port }, 1, says)
})

await t.test('a disk that is full without an audit log concerns no login', { skip: skip || cannotMount }, async (t) => {
  const disk = await mountSmallDisk(t, 128)
  const { aws, server, front } = await start(t, { folder: disk.folder })
  disk.leave(0)
  await doctorSays(t, 'full', front, aws, DOCTOR.isGranted)
  disk.makeReadOnly()
  await doctorSays(t, 'read-only', front, aws, DOCTOR.isGranted)
  await statusSays(t, 'read-only', server, 0, HEALTHY)
})

await t.test('a certificate that the person may not read', { skip: skip || cannotSwitch }, async (t) => {
  const { server } = await start(t)
  const { code, stdout, stderr } = await runCommand(
    ['status', `--port=${server.port}`, `--state-dir=${server.folder}`],
    {
      environment: minimalEnvironment(server.folder),
      wrapper: asNobody,
    },
  )
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(
    stderr,
    /^no status: can't read the server's certificate \S+: EACCES.*: run as a user who may read it \(sudo\)$/m,
  )
})

await t.test('a configuration that is broken while the server runs', { skip }, async (t) => {
  const { aws, server, front } = await start(t)
  writeFileSync(join(server.folder, 'config.yaml'), 'clusterID: k8s.local\nserver: [\n')
  await statusSays(t, 'broken', server, 0, HEALTHY)
  await doctorSays(t, 'broken', front, aws, DOCTOR.isGranted)
})

await t.test('half of a pair, an invalid one, and none', { skip }, async (t) => {
  const { aws, server, front } = await start(t)
  const next = temporaryFolder(t)
  await init(next)
  const [certificate, key] = [join(server.folder, 'cert.pem'), join(server.folder, 'key.pem')]
  const old = readFileSync(certificate)
  const isRejected = async (count: number): Promise<void> => {
    await server.waitForLog(
      () => server.log().filter(({ msg }) => String(msg).startsWith('the TLS pair in the state')).length === count,
    )
  }
  copyFileSync(join(next, 'key.pem'), key)
  await isRejected(1)
  const half =
    /^the TLS pair in the state folder is not loaded: \S+cert\.pem is not the certificate of \S+key\.pem: copy/
  await statusSays(t, 'half', server, 2, half)
  await doctorSays(t, 'half', front, aws, DOCTOR.isGranted)
  writeFileSync(certificate, old.subarray(0, 300))
  await isRejected(2)
  const invalid =
    /^no status: can't read the server's certificate \S+: .*: put the certificate that the server uses back/
  await statusSays(t, 'invalid', server, 1, invalid)
  rmSync(certificate)
  const gone = /^no status: .*ENOENT.*, or somebody has removed the file: put it back/
  await statusSays(t, 'gone', server, 1, gone)
  await doctorSays(t, 'gone', front, aws, DOCTOR.isGranted)
  writeFileSync(certificate, old)
  rmSync(key)
  await isRejected(3)
  const missing =
    /^the TLS pair in the state folder is not loaded: only one of \S+cert\.pem and \S+key\.pem is there: copy/
  await statusSays(t, 'no key', server, 2, missing)
})

await t.test('a new pair that kube-apiserver does not trust, until it does', { skip }, async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const trusting = join(temporaryFolder(t), 'old')
  copyFileSync(server.kubeconfig, trusting)
  const next = temporaryFolder(t)
  await init(next)
  for (const name of ['key.pem', 'cert.pem']) copyFileSync(join(next, name), join(server.folder, name))
  await server.waitForLog(({ msg }) => String(msg).includes('kube-apiserver refuses'))
  const says = /^kube-apiserver refuses the new certificate, which \S+ did not hold: restart kube-apiserver/
  await statusSays(t, 'at once', server, 2, says)
  // A kube-apiserver that has not been restarted, and one that has.
  const before = await startFront(t, { kubeconfig: trusting })
  await doctorSays(t, 'not restarted', before, aws, DOCTOR.isRefused)
  await statusSays(t, 'not restarted', server, 2, says)
  const after = await startFront(t, server)
  await doctorSays(t, 'restarted', after, aws, DOCTOR.isGranted)
  await statusSays(t, 'restarted', server, 0, HEALTHY)
})

await t.test('a certificate that expires in a few days', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=short', '-addext', 'subjectAltName=DNS:localhost']
  await runBinary('openssl', [...request, ...files, ...names], { cwd: folder, env: minimalEnvironment(folder) })
  const { aws, server, front } = await start(t, { folder })
  await statusSays(t, 'expiring', server, 2, /^the certificate expires in [89] d, on \S+: run init --force and restart/)
  await doctorSays(t, 'expiring', front, aws, DOCTOR.isGranted)
})

type Client = (server: TestServer) => Promise<unknown>

/** Sends plain HTTP. */
async function sendPlain({ port }: TestServer): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1')
    .on('error', () => undefined)
    .resume()
  socket.write('GET / HTTP/1.1\r\n\r\n')
  await once(socket, 'close')
}

async function connectWithOldTls({ port }: TestServer): Promise<void> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.1' })
  await new Promise((resolve) => {
    socket.once('error', resolve)
  })
}

/** Connects as a Go client like kube-apiserver that does not trust the certificate. */
async function distrust({ port, folder }: TestServer): Promise<void> {
  const url = ['--kubeconfig=/dev/null', `--server=https://localhost:${port}`, '--token=x']
  const options = { env: minimalEnvironment(folder), cwd: folder }
  await runBinary(await kubectl('1.35'), [...url, 'get', '--raw', '/healthz'], options)
}

const HANDSHAKES: readonly (readonly [name: string, says: RegExp, connect: Client])[] = [
  [
    'no TLS',
    /^3 TLS handshakes failed .* ERR_SSL_HTTP_REQUEST: a client does not use TLS; give it a URL with https$/,
    sendPlain,
  ],
  [
    'a client that does not trust the certificate',
    /^\d TLS handshakes failed .*: a client does not trust the certificate; put it into the webhook kubeconfig/,
    distrust,
  ],
  [
    'TLS 1.1',
    /^3 TLS handshakes failed .*: a client has neither TLS 1\.3 nor a cipher suite of TLS 1\.2/,
    connectWithOldTls,
  ],
]

await t.test('handshakes that fail', { skip }, async (t) => {
  for (const [name, says, connect] of HANDSHAKES) {
    const { aws, server, front } = await start(t)
    for (let sent = 0; sent < 3; sent += 1) await connect(server)
    await eventually(t, name, 2, 2_000, async () => (await runStatus(server)).code)
    await statusSays(t, name, server, 2, says)
    await doctorSays(t, name, front, aws, DOCTOR.isGranted)
    await server.stop()
  }
})

await t.test(
  'an STS without a name or a way, and a resolver that is silent',
  { skip: skip || cannotMislead },
  async (t) => {
    const aws = await startAws(t)
    const way = await startDirectSts(t, aws.port)
    const configuration = `${USER_CONFIGURATION}  tokenCacheTTL: 0\n`
    const { server, front } = await start(t, {
      aws,
      configuration,
      environment: { HTTPS_PROXY: '' },
      wrapper: way.wrapper,
    })
    await server.review(userToken())
    await statusSays(t, 'no name', server, 2, callFailed('(?:ENOTFOUND|EAI_AGAIN)'))
    await doctorSays(t, 'no name', front, aws, DOCTOR.isRefused)
    way.resolve(`sts.${REGION}.amazonaws.com`)
    await eventually(t, 'it resolves', 200, 4_000, async () => (await server.review(userToken())).status)
    await way.silence()
    const invented = server.review(userToken({ region: 'us-nowhere-1' }))
    await doctorSays(t, 'a silent resolver', front, aws, DOCTOR.isGranted)
    await statusSays(t, 'a silent resolver', server, 0, HEALTHY)
    t.equal((await invented).status, 502)
    await statusSays(t, 'an invented region', server, 0, HEALTHY)
  },
)

await t.test('operations.md has the verdicts', { skip }, (t) => {
  arePrinted(t, 'docs/operations.md', 'Problems', [
    'kube-apiserver has not read the renewed certificate',
    'only the key was replaced',
    'clients that use plain HTTP',
    'the disk is full',
    'the server is not running',
  ])
  t.end()
})
