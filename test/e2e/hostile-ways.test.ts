import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { minimalEnvironment, temporaryFolder, type Environment } from './harness/command.ts'
import { cannotMislead, startDirectSts } from './harness/direct-sts.ts'
import { ENDLESS_AND_SLOW, FLOODS, inTunnel, IN_PLACE_OF_TLS, WRONG, type Answer } from './harness/hostile-answers.ts'
import { failed, measureToken, MORE_MIB, startHostileServer, startHostileTlsServer } from './harness/hostile-server.ts'
import { personEnvironment } from './harness/person.ts'
import { startAws } from './harness/webhook.ts'

const ROLE = ['-r', ROLE_ARN]

/** Time for a start of the command on a busy machine, in seconds. */
const START_SECONDS = 8

/** Time for a connection, in seconds. It is not retried. */
const CONNECT_SECONDS = 5 + START_SECONDS

/** Total time that `token` may wait, in seconds. */
const TOTAL_SECONDS = 30 + START_SECONDS

/** The number of concurrent runs that only wait. */
const AT_ONCE = 4

const authority = createAuthority()

/** Runs `token` normally: the memory that it needs, and the allowed memory under attack, in MiB. */
async function memoryLimit(t: Test): Promise<number> {
  const aws = await startAws(t)
  const run = await measureToken(
    ROLE,
    personEnvironment(temporaryFolder(t), { AWS_REGION: 'eu-west-1' }, aws.environment),
  )
  t.equal(run.code, 0)
  return run.peakMib === 0 ? Infinity : run.peakMib + MORE_MIB
}

async function inGroups<T>(items: Iterable<T>, size: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  while (rest.length > 0) await Promise.all(rest.splice(0, size).map(act))
}

t.test('a hostile proxy', async (t) => {
  const mib = await memoryLimit(t)
  const tunnels = [...IN_PLACE_OF_TLS].map(([name, answer]) => [`in the tunnel: ${name}`, inTunnel(answer)] as const)
  const act = async ([name, answer]: readonly [string, Answer]): Promise<void> => {
    const { port } = await startHostileServer(t, answer)
    const environment = { AWS_REGION: 'eu-west-1', HTTPS_PROXY: `http://alice:hunter2@127.0.0.1:${port}` }
    const run = await measureToken(ROLE, personEnvironment(temporaryFolder(t), environment))
    failed(t, name, run, { seconds: CONNECT_SECONDS, mib })
    t.notMatch(run.stderr, /hunter2/, name)
  }
  await inGroups([...WRONG, ...FLOODS], 1, act)
  await inGroups([...ENDLESS_AND_SLOW, ...tunnels], AT_ONCE, act)
})

t.test('a proxy with an untrusted certificate', async (t) => {
  const requests: string[] = []
  const server = await startHostileTlsServer(
    t,
    () => void requests.push('CONNECT'),
    (host) => authority.secureContext(host),
  )
  const proxy = { AWS_REGION: 'eu-west-1', HTTPS_PROXY: `https://localhost:${server.port}` }
  const run = await measureToken(ROLE, personEnvironment(temporaryFolder(t), proxy))
  failed(t, 'unknown authority', run, { seconds: START_SECONDS, mib: Infinity })
  t.match(run.stderr, /is not trusted/)
  t.same(requests, [])
})

t.test('a service other than TLS at the port of STS', async (t) => {
  const mib = await memoryLimit(t)
  await inGroups(IN_PLACE_OF_TLS, AT_ONCE, async ([name, answer]) => {
    const { port } = await startHostileServer(t, answer)
    const direct = { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_STS: `https://localhost:${port}` }
    const run = await measureToken(ROLE, personEnvironment(temporaryFolder(t), direct))
    failed(t, name, run, { seconds: CONNECT_SECONDS, mib })
  })
})

t.test('name servers that do not answer', { skip: cannotMislead }, async (t) => {
  const way = await startDirectSts(t, 1)
  await way.silence()
  const environment = personEnvironment(temporaryFolder(t), { AWS_REGION: 'eu-west-1' })
  const run = await measureToken(ROLE, environment, way.wrapper)
  failed(t, 'no DNS', run, { seconds: CONNECT_SECONDS, mib: Infinity })
  t.match(run.stderr, /no answer from DNS for sts\.eu-west-1\.amazonaws\.com within 4 s/)
})

t.test('hostile metadata services and credentials endpoints', async (t) => {
  const mib = await memoryLimit(t)
  const act = async ([name, answer]: readonly [string, Answer]): Promise<void> => {
    const { port } = await startHostileServer(t, answer)
    const home = minimalEnvironment(temporaryFolder(t))
    const endpoint = `http://127.0.0.1:${port}`
    const instance = { ...home, AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }
    const ofInstance = await measureToken([], instance)
    failed(t, `instance: ${name}`, ofInstance, { seconds: 1 + START_SECONDS, mib })
    const container = { ...home, AWS_REGION: 'eu-west-1', AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/` }
    const ofContainer = await measureToken([], container)
    failed(t, `container: ${name}`, ofContainer, { seconds: 3 + START_SECONDS, mib })
    t.match(ofContainer.stderr, /the container's credentials endpoint gave none/, name)
  }
  await inGroups([...WRONG, ...FLOODS, ...ENDLESS_AND_SLOW], AT_ONCE, act)
})

t.test('retries end when the time for a token is over', async (t) => {
  const ca = join(temporaryFolder(t), 'ca.pem')
  writeFileSync(ca, authority.pem)
  const answers: readonly (readonly [string, Answer])[] = [
    ['throttled', (socket) => void socket.end('HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n')],
    ['closed late', async (socket) => void (await wait(9_000), socket.destroy())],
  ]
  const runs = answers.map(async ([name, answer]) => {
    const { port } = await startHostileTlsServer(t, answer, (host) => authority.secureContext(host))
    const environment: Environment = {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_STS: `https://localhost:${port}`,
      AWS_MAX_ATTEMPTS: '1000000',
      SSL_CERT_FILE: ca,
    }
    const run = await measureToken(ROLE, personEnvironment(temporaryFolder(t), environment))
    failed(t, name, run, { seconds: TOTAL_SECONDS, mib: Infinity })
    t.match(run.stderr, /no token within 30 s/, name)
  })
  await Promise.all(runs)
})
