import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { finish, minimalEnvironment, spawnCommand, temporaryFolder } from './harness/command.ts'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'
import { addIdentity, startAws, signToken, USER_CONFIGURATION, userToken } from './harness/webhook.ts'
import { http1, http2, type WireAnswer, type WireClient } from './harness/wire.ts'

const ACCOUNT_CONFIGURATION =
  'clusterID: k8s.local\nserver:\n  mapAccounts: ["111122223333"]\n  stsRegions: [us-east-1, eu-central-1]\n'
const LOGINS = 40
/** Two hosts, because the connections to one are bounded. */
const REGIONS = ['us-east-1', 'eu-central-1'] as const

function send(client: WireClient, token: string): Promise<WireAnswer> {
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
  return client.send({ body, headers: { 'content-type': 'application/json' } })
}

/** Waits until this number of calls wait for STS. */
async function inFlight(aws: SandboxAws, count: number): Promise<void> {
  while (aws.sts.inFlight < count) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** True if the server accepts a new connection. */
async function isListening(port: number): Promise<boolean> {
  const socket = connectPlain(port, '127.0.0.1')
  const accepted = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  socket.destroy()
  return accepted
}

/** Idle connections: one of HTTP/1.1 that was used, one of HTTP/2, one of bare TLS. */
async function idleConnections(t: Test, { port, certificate }: TestServer): Promise<void> {
  const used = http1({ port, certificate })
  t.teardown(() => used.close())
  await used.send({ method: 'GET', path: '/healthz' })
  const session: ClientHttp2Session = connectHttp2(`https://localhost:${port}`, { ca: certificate, host: '127.0.0.1' })
  const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', ca: certificate, servername: 'localhost' })
  for (const connection of [session, socket]) {
    connection.on('error', () => undefined)
    t.teardown(() => connection.destroy())
  }
  await Promise.all([once(session, 'connect'), once(socket, 'secureConnect')])
}

const CASES = [
  ['SIGTERM', 'HTTP/1.1'],
  ['SIGTERM', 'HTTP/2'],
  ['SIGINT', 'HTTP/2'],
] as const

for (const [signal, protocol] of CASES) {
  t.test(`${signal} with ${LOGINS} logins in flight answers them all, over ${protocol}`, async (t) => {
    const aws = await startAws(t)
    const server = await startTestServer(t, { aws, configuration: ACCOUNT_CONFIGURATION })
    await idleConnections(t, server)
    const clients = Array.from({ length: protocol === 'HTTP/2' ? 1 : LOGINS }, () =>
      protocol === 'HTTP/2' ? http2(server) : http1(server),
    )
    for (const client of clients) t.teardown(() => client.close())
    aws.sts.delay = 1500
    const answers = Array.from({ length: LOGINS }, (_, number) => {
      const arn = `arn:aws:iam::111122223333:user/person-${number}`
      const client = clients[number % clients.length]
      if (client === undefined) throw new TypeError('no client')
      const region = REGIONS[number % 2] ?? REGIONS[0]
      return send(client, signToken(...addIdentity(aws, { ...USER, arn, userId: `AIDA${number}` }), { region }))
    })
    await inFlight(aws, LOGINS)
    const stopped = server.stop(signal)
    await server.waitForLog(({ msg }) => msg === 'stopping')
    while ((await isListening(server.port)) && aws.sts.inFlight === LOGINS);
    t.equal(aws.sts.inFlight, LOGINS, 'new connections are refused while the others are yet to be answered')

    const received = await Promise.all(answers)
    t.same([...new Set(received.map(({ status }) => status))], [200])
    const names = received.map(({ text }) => /"username":"([^"]*)"/.exec(text)?.[1])
    t.same(
      names,
      received.map((_, number) => `arn:aws:iam::111122223333:user/person-${number}`),
    )
    const answeredAt = performance.now()
    const { code } = await stopped
    t.equal(code, 0)
    const milliseconds = Math.round(performance.now() - answeredAt)
    t.ok(milliseconds < 1500, `idle connections hold up nothing: ${milliseconds} ms after the last answer`)
    const messages = server.log().map(({ msg }) => msg)
    t.equal(messages.filter((message) => message === 'access granted').length, LOGINS)
    t.equal(messages.at(-1), 'stopped')
    t.match(
      server.log().find(({ msg }) => msg === 'stopping'),
      { level: 'info', signal },
    )
  })
}

t.test('idle connections delay nothing', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  await idleConnections(t, server)
  const startedAt = performance.now()
  t.equal((await server.stop()).code, 0)
  const milliseconds = Math.round(performance.now() - startedAt)
  t.ok(milliseconds < 1500, `${milliseconds} ms`)
})

t.test('SIGTERM during a hanging STS ends after 5 s', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  aws.faults.set('hang')
  const client = http2(server)
  t.teardown(() => client.close())
  const lost = [server.review(userToken()), send(client, userToken())]
  const outcomes = Promise.allSettled(lost)
  await inFlight(aws, 1)
  const startedAt = performance.now()
  const { code, signal } = await server.stop()
  const seconds = (performance.now() - startedAt) / 1000
  t.same({ code, signal }, { code: 0, signal: null })
  t.ok(seconds > 4 && seconds < 6.5, `${seconds.toFixed(1)} s`)
  const givenUp = server.log().filter(({ msg }) => msg === 'requests are given up without an answer')
  t.match(givenUp, [{ level: 'warning', requests: lost.length }], 'the log counts them')
  t.equal(givenUp.length, 1)
  for (const outcome of await outcomes) {
    const status = outcome.status === 'fulfilled' ? outcome.value.status : 0
    t.not(status, 200, 'nobody was told of a verdict')
  }
})

t.test('SIGTERM at any moment of the start ends the process, and leaves no half of a TLS pair', async (t) => {
  const aws = await startAws(t)
  for (const delay of [100, 300, 'listening'] as const) {
    const folder = temporaryFolder(t)
    const config = join(folder, 'config.yaml')
    writeFileSync(config, USER_CONFIGURATION)
    const flags = [
      `--config=${config}`,
      `--state-dir=${folder}`,
      `--generate-kubeconfig=${join(folder, 'kubeconfig.yaml')}`,
    ]
    const environment = { ...minimalEnvironment(folder), ...aws.environment, AWS_REGION: 'us-east-1' }
    const child = spawnCommand(['server', ...flags, `--port=${await freePort()}`], { environment })
    const ended = finish(child)
    if (delay === 'listening') {
      for await (const text of child.stderr) if (String(text).includes('msg=listening')) break
    } else await new Promise((resolve) => setTimeout(resolve, delay))
    const startedAt = performance.now()
    child.kill('SIGTERM')
    const { code, signal, stderr } = await ended
    const milliseconds = Math.round(performance.now() - startedAt)
    t.ok(code === 0 || (code === null && signal === 'SIGTERM'), `${delay}: code ${code}, signal ${signal}\n${stderr}`)
    if (delay === 'listening') t.equal(code, 0)
    t.ok(milliseconds < 3000, `${delay}: ${milliseconds} ms`)
    const again = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder })
    t.equal((await again.stop()).code, 0, `${delay}: the next start finds a state that is whole`)
  }
})
