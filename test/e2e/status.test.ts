import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import forge from 'node-forge'
import { document, section, tableRows } from '../docs/documents.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { metricsOf, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const OPERATIONS = document('docs/operations.md')

function status(server: Pick<TestServer, 'port' | 'folder'>, ...args: readonly string[]): Promise<Finished> {
  const command = ['status', `--port=${server.port}`, `--state-dir=${server.folder}`, ...args]
  return runCommand(command, { environment: minimalEnvironment(server.folder) })
}

/** Replaces values that differ between runs, and where the verdict wraps, which depends on them. */
function masked(text: string): string {
  const [verdict = '', ...rest] = text.split('\n\n')
  return [verdict.replaceAll('\n', ' '), ...rest]
    .join('\n\n')
    .replace(/^(server +).*$/m, '$1VERSION')
    .replace(/[0-9A-F]{64}/, 'DIGEST')
    .replaceAll(/\b\d+ (?:s|min|h|d)(?: \d+ (?:s|min|h))?(?= ago|:)/g, 'SPAN')
    .replaceAll(/\b[\d.]+ ms\b/g, 'N ms')
    .replace(/expires \d{4}-\d\d-\d\d \(in \d+ years\)/, 'expires DATE (in YEARS)')
    .replace(/\(\d+ years ago\)/, '(YEARS ago)')
}

function isGolden(t: Test, { stdout, stderr }: Finished, golden: string): void {
  t.equal(stderr, '')
  for (const line of stdout.split('\n')) t.ok(line.length <= 80, line)
  t.equal(masked(stdout), masked(golden))
}

const HEALTHY = `\
healthy: 1 login in the last 5 min, 0 refused

server       VERSION
cluster      k8s.local (partition aws)
ready        yes
certificate  rsa, expires DATE (in YEARS)
             for IP Address:127.0.0.1, DNS:localhost
             SHA-256
             DIGEST
backends     MountedFile: 0 roles, 1 user, 0 accounts; changed SPAN ago
sts          sts.us-east-1.amazonaws.com: 1 call, 0 failed
               p50 N ms, p99 N ms (5 min)
handshakes   0 failed in 5 min, 0 since the start
logins       1 granted, 0 refused in 5 min
             1 granted, 0 refused since the start
             last granted: SPAN ago
refused      none
`

t.test('a healthy server', async (t) => {
  const server = await startTestServer(t, { aws: await startAws(t), configuration: USER_CONFIGURATION })
  t.equal(verdict(await server.review(userToken())), true)
  const found = await status(server)
  t.equal(found.code, 0)
  isGolden(t, found, HEALTHY)
})

t.test('a server that refuses all logins: the example of operations.md', async (t) => {
  const server = await startTestServer(t, { aws: await startAws(t), configuration: USER_CONFIGURATION })
  const startedAt = Date.now()
  for (let login = 0; login < 12; login += 1) {
    const date = new Date(startedAt - login * 1000)
    t.equal(verdict(await server.review(userToken({ clusterId: 'another', date }))), false)
  }
  const found = await status(server)
  t.equal(found.code, 2)
  const example = OPERATIONS.blocks.find(({ text }) => text.startsWith('nobody has logged in'))
  isGolden(t, found, example?.text ?? '')
})

/** Signs the certificate of a pair again, as if it had expired. */
function expire(folder: string): void {
  const [certificatePath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const certificate = forge.pki.certificateFromPem(readFileSync(certificatePath, 'utf8'))
  Object.assign(certificate.validity, { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') })
  certificate.sign(forge.pki.privateKeyFromPem(readFileSync(keyPath, 'utf8')), forge.md.sha256.create())
  writeFileSync(certificatePath, forge.pki.certificateToPem(certificate))
}

async function init(t: Test, folder: string): Promise<void> {
  const command = ['init', '-i', 'k8s.local']
  t.equal((await runCommand(command, { cwd: folder, environment: minimalEnvironment(folder) })).code, 0)
}

const EXPIRED = `\
the certificate expired on 2021-01-01: run init --force and restart
kube-apiserver

server       VERSION
cluster      k8s.local (partition aws)
ready        NO: certificate
certificate  rsa, EXPIRED 2021-01-01 (YEARS ago)
             for IP Address:127.0.0.1, DNS:localhost
             SHA-256
             DIGEST
backends     MountedFile: 0 roles, 1 user, 0 accounts; changed SPAN ago
sts          not asked yet
handshakes   0 failed in 5 min, 0 since the start
logins       0 granted, 0 refused in 5 min
             0 granted, 0 refused since the start
             last granted: never
refused      none
`

t.test('a server with an expired certificate, which is no reason not to ask it', async (t) => {
  const folder = temporaryFolder(t)
  await init(t, folder)
  expire(folder)
  const server = await startTestServer(t, { aws: await startAws(t), configuration: USER_CONFIGURATION, folder })
  const found = await status(server)
  t.equal(found.code, 2)
  isGolden(t, found, EXPIRED)
})

t.test('mapping errors are shown with their places, ten of them', async (t) => {
  const map = join(temporaryFolder(t), 'map.json')
  const entries = Array.from({ length: 12 }, () => '    {"rolearn": "rubbish", "username": "x"}').join(',\n')
  writeFileSync(map, `{"mapRoles": [\n${entries}\n]}`)
  const configuration = `${USER_CONFIGURATION}  backendMode: [MountedFile, DynamicFile]\n  dynamicfilepath: ${map}\n`
  const server = await startTestServer(t, { aws: await startAws(t), configuration })
  const found = await status(server)
  t.equal(found.code, 2)
  t.match(found.stdout, /^backend DynamicFile has 12 errors in its mappings: fix the places below\n/)
  const text = found.stdout.replaceAll(/\s+(?:! )?/g, ' ')
  for (let line = 2; line <= 11; line += 1) t.ok(text.includes(`${map}:${line}:`), String(line))
  t.notOk(text.includes(`${map}:12:`))
  t.match(text, 'and 2 more: see the log, or lint the source')
})

t.test('failed TLS handshakes are counted and shown', async (t) => {
  const server = await startTestServer(t, { aws: await startAws(t), configuration: USER_CONFIGURATION })
  for (let sent = 0; sent < 3; sent += 1) {
    const socket = connect(server.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume()
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(socket, 'close')
  }
  const failures = async (): Promise<number | undefined> =>
    (await metricsOf(server))('tls_handshake_failures_total', { cause: 'not_tls' })
  await eventually(t, 'the metric', 3, 2_000, failures)
  const found = await status(server)
  t.equal(found.code, 2)
  t.match(found.stdout, /^3 TLS handshakes failed in the last 5 min, the last with ERR_SSL_HTTP_REQUEST: a\n/)
  t.match(found.stdout, /^handshakes +3 failed in 5 min, 3 since the start$/m)
})

/** The paths of all values: `backends[].firstErrors[].line`. */
function pathsOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`))
  if (!isRecord(value)) return [path]
  return Object.entries(value).flatMap(([name, item]) => pathsOf(item, path === '' ? name : `${path}.${name}`))
}

t.test('operations.md has every field of the JSON, and no other', async (t) => {
  const map = join(temporaryFolder(t), 'map.json')
  const mode = join(temporaryFolder(t), 'mode.json')
  writeFileSync(map, '{"mapRoles": [{"rolearn": "rubbish"}]}')
  writeFileSync(mode, '{"backendMode": "Crd"}')
  const more = `  dynamicBackendModePath: ${mode}\n  auditLog: /dev/full\n  backendMode: [MountedFile, DynamicFile]\n  dynamicfilepath: ${map}\n`
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION + more })
  const paths = new Set<string>()
  const ask = async (): Promise<void> => {
    const { stdout } = await status(server, '-o', 'json')
    for (const path of pathsOf(JSON.parse(stdout))) paths.add(path)
  }
  const socket = connect(server.port, '127.0.0.1')
    .on('error', () => undefined)
    .resume()
  socket.write('GET / HTTP/1.1\r\n\r\n')
  await once(socket, 'close')
  aws.faults.set('reset')
  await server.review(userToken())
  await ask()
  // A value that is null at times has the paths of its fields at other times.
  const objects = new Set([...paths].map((path) => path.slice(0, path.lastIndexOf('.'))))
  const found = [...paths].filter((path) => !objects.has(path))
  const documented = tableRows(section(OPERATIONS, 'The JSON')).map(([path = '']) => path)
  t.strictSame([...documented].sort(), found.sort())
})
