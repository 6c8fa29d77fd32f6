import { once } from 'node:events'
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { binariesRunHere } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { eventually } from './harness/eventually.ts'
import { ARN, AWS_AUTH } from './harness/explain.ts'
import { startKubectlPerson, type KubectlPerson } from './harness/kubectl-person.ts'
import { compared, isPicture, pictureHome, PICTURES, runOnTerminal } from './harness/picture.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { noTerminal } from './harness/terminal.ts'
import { metricsOf, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const skip = noTerminal
const noKubectl = binariesRunHere ? noTerminal : 'the kubectl binaries are for Linux on x86-64'

t.test('help and a mistyped flag', { skip }, async (t) => {
  const home = pictureHome(t)
  await isPicture(t, 'help', ['--help'], { home })
  await isPicture(t, 'help-token', ['token', '--help'], { home })
  await isPicture(t, 'usage-error', ['token', '--clster-id=my-cluster', '--token-only'], { home })
})

/** A server on a node, where `-c status.yaml` finds it. */
async function startNode(t: Test, aws: SandboxAws): Promise<TestServer> {
  const folder = pictureHome(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder })
  writeFileSync(join(folder, 'status.yaml'), `server: {port: ${server.port}, stateDir: ${folder}}\n`)
  return server
}

const STATUS = ['status', '-c', 'status.yaml']

t.test('status of a healthy server', { skip }, async (t) => {
  const server = await startNode(t, await startAws(t))
  t.equal(verdict(await server.review(userToken())), true)
  await isPicture(t, 'status-healthy', STATUS, { home: server.folder })
})

t.test('status of a server to which nobody can log in', { skip }, async (t) => {
  const aws = await startAws(t)
  const server = await startNode(t, aws)
  const startedAt = Date.now()
  for (let login = 0; login < 12; login += 1) {
    const date = new Date(startedAt - login * 1000)
    t.equal(verdict(await server.review(userToken({ clusterId: 'another', date }))), false)
  }
  await isPicture(t, 'status-refused', STATUS, { home: server.folder })
})

t.test('status of a server that the API server does not trust', { skip }, async (t) => {
  const server = await startNode(t, await startAws(t))
  for (let sent = 0; sent < 3; sent += 1) {
    const socket = connect(server.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume()
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(socket, 'close')
  }
  await eventually(t, 'the metric', 3, 2_000, async () =>
    (await metricsOf(server))('tls_handshake_failures_total', { cause: 'not_tls' }),
  )
  await isPicture(t, 'status-handshakes', STATUS, { home: server.folder })
})

/** The states in which a person asks why they can't log in. */
const PEOPLE: readonly (readonly [name: string, breakIt: (person: KubectlPerson) => unknown])[] = [
  ['well', () => undefined],
  [
    'no-credentials',
    ({ home }) => {
      rmSync(join(home, '.aws/credentials'))
      writeFileSync(join(home, '.aws/config'), '[profile govcloud]\noutput = json\n')
    },
  ],
  ['cluster-id', ({ edit }) => edit(/- (['"]?)k8s\.local\1\n/, '- other\n')],
  ['no-api-server', ({ close }) => close()],
]

for (const [name, breakIt] of PEOPLE) {
  t.test(`doctor: ${name}`, { skip: noKubectl }, async (t) => {
    const person = await startKubectlPerson(t, { home: pictureHome(t) })
    await breakIt(person)
    const authorities = join(person.home, 'ca.pem')
    copyFileSync(person.environment['SSL_CERT_FILE'] ?? '', authorities)
    const environment = { ...person.environment, SSL_CERT_FILE: authorities }
    await isPicture(t, `doctor-${name}`, ['doctor'], { home: person.home, environment })
  })
}

t.test('explain and lint', { skip }, async (t) => {
  const home = pictureHome(t)
  writeFileSync(join(home, 'aws-auth.yaml'), AWS_AUTH)
  const explain = ['explain', '--backend-mode=EKSConfigMap', 'aws-auth.yaml', '--arn']
  const session = 'arn:aws:sts::123456789012:assumed-role/Admin/alice'
  await isPicture(t, 'explain-granted', [...explain, session], { home })
  await isPicture(t, 'explain-refused', [...explain, `${ARN}:role/Dev`], { home })
  await isPicture(t, 'lint', ['lint', 'aws-auth.yaml'], { home })
})

t.test('colours are for terminals, and NO_COLOR takes them away', { skip }, async (t) => {
  const home = pictureHome(t)
  writeFileSync(join(home, 'aws-auth.yaml'), AWS_AUTH)
  const lint = ['lint', 'aws-auth.yaml']
  const coloured = await (await runOnTerminal(t, lint, { home })).coloured()
  t.ok(coloured.includes('\u001b[33mwarning:'), 'yellow')
  const plain = await (await runOnTerminal(t, lint, { home, environment: { NO_COLOR: '1' } })).coloured()
  t.notOk(plain.includes('\u001b'), 'no escape sequence')
  t.match(plain, 'warning:')
})

t.test('each picture has its test', { skip: noKubectl }, async (t) => {
  t.same(readdirSync(PICTURES).toSorted(), [...compared].toSorted())
})
