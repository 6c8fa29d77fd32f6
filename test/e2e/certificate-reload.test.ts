import { once } from 'node:events'
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { metricsOf, startAws } from './harness/webhook.ts'

/** A change takes effect within a second, as documented. */
const LIMIT_MS = 1_500

async function init(folder: string, ...args: readonly string[]): Promise<void> {
  const command = ['init', '-i', 'k8s.local', '--key-type=ecdsa', ...args]
  const { code, stderr } = await runCommand(command, { cwd: folder, environment: minimalEnvironment(folder) })
  if (code !== 0) throw new Error(stderr)
}

/** The serial number of the certificate for a new connection, with and without a server name, as kube-apiserver connects. */
async function served({ port }: TestServer, servername = 'localhost'): Promise<string> {
  const options = { port, host: '127.0.0.1', servername, rejectUnauthorized: false, ALPNProtocols: ['h2'] }
  const socket: TLSSocket = connect(options)
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  const answer = `${serialNumber} ${socket.getProtocol() ?? ''} ${String(socket.alpnProtocol)}`
  socket.destroy()
  return answer
}

async function ping(session: ClientHttp2Session): Promise<number> {
  const stream = session.request({ ':path': '/healthz' })
  const answered = new Promise<number>((resolve) => {
    stream.once('response', (headers) => resolve(Number(headers[':status'])))
  })
  stream.resume()
  await once(stream, 'close')
  return answered
}

function replace(from: string, to: string, name: string): void {
  copyFileSync(join(from, name), join(to, `${name}.copy`))
  renameSync(join(to, `${name}.copy`), join(to, name))
}

async function start(t: Test, configuration = 'clusterID: k8s.local\n'): Promise<TestServer> {
  return startTestServer(t, { aws: await startAws(t), configuration, args: ['--kubeconfig-pregenerated'] })
}

t.test('new connections use a replaced pair, open ones continue', async (t) => {
  const server = await start(t)
  const next = temporaryFolder(t)
  await init(next)
  const before = await served(server)
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: server.certificate, host: '127.0.0.1' })
  t.teardown(() => session.destroy())
  t.equal(await ping(session), 200)

  replace(next, server.folder, 'key.pem')
  await server.waitForLog(({ msg }) => String(msg).includes('is not loaded'))
  t.equal(await served(server), before, 'half a change changes nothing')
  replace(next, server.folder, 'cert.pem')
  await eventually(t, 'the new certificate is served', true, LIMIT_MS, async () => (await served(server)) !== before)
  const after = await served(server)
  t.match(after, / TLSv1\.3 h2$/)
  t.equal(await served(server, ''), after, 'without a server name too')
  t.equal(await ping(session), 200, 'the open connection lives on')
  await server.waitForLog(({ msg }) => msg === 'took over the new TLS pair')
  await server.waitForLog(({ msg, level }) => level === 'warning' && String(msg).includes('kube-apiserver refuses'))
  const old = connect({
    port: server.port,
    host: '127.0.0.1',
    servername: 'localhost',
    maxVersion: 'TLSv1.1',
    rejectUnauthorized: false,
  })
  const isRefused = await new Promise<boolean>((resolve) => {
    old.once('error', () => resolve(true))
    old.once('secureConnect', () => resolve(false))
  })
  t.ok(isRefused, 'TLS 1.1 is refused as before')
})

t.test('an invalid pair keeps the previous one, and is logged once', async (t) => {
  const server = await start(t)
  const before = await served(server)
  const certificate = readFileSync(join(server.folder, 'cert.pem'), 'utf8')
  const told = (): number => server.log().filter(({ msg }) => String(msg).includes('is not loaded')).length
  writeFileSync(join(server.folder, 'cert.pem'), certificate.slice(0, 300))
  await server.waitForLog(() => told() === 1)
  rmSync(join(server.folder, 'cert.pem'))
  rmSync(join(server.folder, 'key.pem'))
  await server.waitForLog(() => told() === 2)
  t.equal(await served(server), before)
  t.equal((await server.request({ path: '/readyz' })).status, 200)
})

t.test('the renewal of the documents has no outage, and the log depends on the kubeconfig', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws })
  const work = temporaryFolder(t)
  for (const name of ['cert.pem', 'key.pem']) copyFileSync(join(server.folder, name), join(work, name))
  await init(work, '--force')
  const kubeconfig = join(work, 'aws-iam-authenticator.kubeconfig')
  const [, data = ''] = /certificate-authority-data: (\S+)/.exec(readFileSync(kubeconfig, 'utf8')) ?? []
  const ca = Buffer.from(data, 'base64').toString()
  copyFileSync(kubeconfig, server.kubeconfig)
  const before = await served(server)
  let asked = 0
  const ask = async (): Promise<void> => {
    const socket = connect({ port: server.port, host: '127.0.0.1', servername: 'localhost', ca })
    await once(socket, 'secureConnect')
    asked += 1
    socket.destroy()
  }
  for (const name of ['key.pem', 'cert.pem']) {
    await ask()
    replace(work, server.folder, name)
  }
  await eventually(t, 'the new certificate is served', true, LIMIT_MS, async () => {
    // A client of that kubeconfig trusts the server at each moment: anything else throws.
    await ask()
    return (await served(server)) !== before
  })
  await ask()
  t.ok(asked >= 4)
  await server.waitForLog(({ msg }) => msg === 'took over the new TLS pair')
  t.notOk(server.log().some(({ msg }) => String(msg).includes('kube-apiserver refuses')))
})

t.test('a server that owns its kubeconfig rewrites it, including the previous certificate', async (t) => {
  const server = await startTestServer(t, { aws: await startAws(t) })
  const next = temporaryFolder(t)
  await init(next)
  for (const name of ['key.pem', 'cert.pem']) replace(next, server.folder, name)
  await server.waitForLog(({ msg }) => String(msg).includes('kube-apiserver refuses'))
  const [, data = ''] = /certificate-authority-data: (\S+)/.exec(readFileSync(server.kubeconfig, 'utf8')) ?? []
  const trusted = Buffer.from(data, 'base64').toString()
  t.equal(trusted, readFileSync(join(next, 'cert.pem'), 'utf8') + server.certificate)
})

t.test('the metric has the expiry of the certificate', async (t) => {
  const folder = temporaryFolder(t)
  const server = await startTestServer(t, { aws: await startAws(t), folder })
  const ends = (await metricsOf(server))('certificate_expiry_timestamp_seconds') ?? 0
  const years = (ends * 1000 - Date.now()) / (365.25 * 86_400_000)
  t.ok(years > 99.9 && years < 100.1, `${years} years`)
  t.equal((await metricsOf(server))('backend_synced', { backend: 'MountedFile' }), 1)
})

t.test('a certificate that expires within 30 days is warned about, at once and after it is loaded', async (t) => {
  const folder = temporaryFolder(t)
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=short', '-addext', 'subjectAltName=DNS:localhost']
  await runBinary('openssl', [...request, ...files, ...names], { cwd: folder, env: minimalEnvironment(folder) })
  const server = await startTestServer(t, { aws: await startAws(t), folder })
  const line = await server.waitForLog(({ msg }) => String(msg).startsWith('the certificate expires in'))
  t.match(line, { level: 'warning', msg: /in [89] days/ })
  t.equal((await server.request({ path: '/readyz' })).status, 200)
})
