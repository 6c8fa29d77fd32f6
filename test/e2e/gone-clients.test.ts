import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { eventually } from './harness/eventually.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

/** The number of concurrent clients, which is the number of concurrent calls to STS. */
const CLIENTS = 24
const WAVES = 2
/** The latency of STS while clients disconnect, in milliseconds. */
const STS_MS = 1_000
/** The number of additional open files that is allowed. Connections to STS are kept, so it varies a little. */
const SLACK = 4
const PATIENCE_MS = 10_000

/** A body, or the beginning of one. */
interface Body {
  readonly sent: string
  readonly length: number
}

/** Sends bodies as separate clients, and returns a function that disconnects all of them. */
type Send = (server: TestServer, bodies: readonly Body[]) => Promise<() => void>

function http1(head: (body: Body) => string, text: (body: Body) => string, leave: (socket: TLSSocket) => void): Send {
  return async ({ port, certificate }, bodies) => {
    const sockets = bodies.map((body) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate })
      const request = `POST /authenticate HTTP/1.1\r\nhost: localhost\r\n${head(body)}\r\n\r\n${text(body)}`
      socket.on('error', () => undefined).write(request)
      return socket
    })
    await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')))
    return () => sockets.forEach(leave)
  }
}

/** All streams of one connection. */
function http2(leave: 'its streams' | 'the connection', hasLength: boolean): Send {
  return async ({ port, certificate }, bodies) => {
    const session = connectHttp2(`https://localhost:${port}`, { ca: certificate, host: '127.0.0.1' })
    session.on('error', () => undefined)
    const streams = bodies.map(({ sent, length }) => {
      const told = hasLength ? { 'content-length': String(length) } : {}
      const stream = session.request({ ':method': 'POST', ':path': '/authenticate', ...told }, { endStream: false })
      stream.on('error', () => undefined).write(sent)
      if (sent.length === length) stream.end()
      return stream
    })
    await once(session, 'connect')
    return () => {
      if (leave === 'the connection') return session.destroy()
      for (const stream of streams) stream.destroy()
      session.close()
    }
  }
}

const SENDS: Readonly<Record<string, Send>> = {
  'HTTP/1.1, a length, and the connection is destroyed': http1(
    ({ length }) => `content-length: ${length}`,
    ({ sent }) => sent,
    (socket) => socket.destroy(),
  ),
  'HTTP/1.1, chunks, and the connection is ended': http1(
    () => 'transfer-encoding: chunked',
    ({ sent, length }) => `${sent.length.toString(16)}\r\n${sent}\r\n${sent.length === length ? '0\r\n\r\n' : ''}`,
    (socket) => socket.end(() => socket.destroy()),
  ),
  'HTTP/2, a length, and the connection is destroyed': http2('the connection', true),
  'HTTP/2, no length, and the connection is destroyed': http2('the connection', false),
  'HTTP/2, a length, and the streams are reset': http2('its streams', true),
  'HTTP/2, no length, and the streams are reset': http2('its streams', false),
}

interface Place {
  readonly aws: SandboxAws
  readonly server: TestServer
  /** One body per client, each with its own token. */
  readonly bodies: (bytes?: number) => readonly Body[]
  /** Asserts that another login is granted. */
  readonly logIn: (t: Test, when: string) => Promise<void>
  readonly files: () => number
}

async function start(t: Test): Promise<Place> {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: `${USER_CONFIGURATION}  tokenCacheTTL: 0\n` })
  const startedAt = Date.now()
  let signed = 0
  const body = (bytes?: number): Body => {
    signed += 1
    const token = userToken({ date: new Date(startedAt - signed * 1000) })
    const text = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
    return { sent: text.slice(0, bytes), length: text.length }
  }
  return {
    aws,
    server,
    bodies: (bytes) => Array.from({ length: CLIENTS }, () => body(bytes)),
    logIn: async (t, when) => void t.equal(verdict(await server.review(userToken())), true, when),
    files: () => readdirSync(`/proc/${server.pid}/fd`).length,
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** Asserts the number of granted logins, that none is refused, and that disconnected clients leave nothing behind. */
async function checkTraces(t: Test, { aws, server, files }: Place, filesBefore: number, logins: number): Promise<void> {
  await eventually(t, 'files', true, PATIENCE_MS, () => files() <= filesBefore + SLACK)
  t.comment(`${filesBefore} files open before, ${files()} after`)
  const { text } = await server.request({ path: '/metrics' })
  const told = (name: RegExp): number =>
    text.split('\n').reduce((sum, line) => sum + (name.test(line) ? Number(line.split(' ').at(-1)) : 0), 0)
  t.equal(told(/^\w+_authenticate_latency_seconds_count\{/), logins, 'decisions')
  t.equal(told(/^\w+_authenticate_latency_seconds_count\{result="success"/), logins, 'of which all let in')
  t.equal(told(/^\w+_refusals_total\{/), 0, 'nobody is refused')
  t.equal(
    told(/^\w+_sts_(?:calls_in_flight|calls_queued|connection_failures_total|retries_total)\b/),
    0,
    'calls of STS',
  )
  t.equal(aws.sts.requests.length, logins)
  t.equal((await server.stop()).code, 0)
  const [, output = ''] = server.output().split('"msg":"listening"')
  t.equal(output.split('"access granted"').length - 1, logins, 'lines of logins')
  t.notMatch(output, /"level":"(?:error|warning)"/, 'the stop waits for nobody, and nothing went wrong')
  t.same(
    output.split('\n').filter((line, index) => index > 0 && !line.startsWith('{')),
    [''],
    'there is nothing but lines of the log',
  )
}

for (const [name, send] of Object.entries(SENDS)) {
  t.test(`clients disconnect during the STS call: ${name}`, async (t) => {
    const place = await start(t)
    const { aws, server, bodies, logIn, files } = place
    await logIn(t, 'before')
    let filesBefore = 0
    for (let wave = 0; wave < WAVES; wave += 1) {
      aws.sts.delay = STS_MS
      const asked = aws.sts.requests.length
      const leave = await send(server, bodies())
      await until(() => aws.sts.requests.length === asked + CLIENTS)
      t.equal(aws.sts.inFlight, CLIENTS, 'STS is asked for all of them')
      leave()
      aws.sts.delay = 0
      await logIn(t, 'the next one')
      t.ok(aws.sts.inFlight > 0, 'which waits for none of them')
      await until(() => aws.sts.inFlight === 0)
      if (wave === 0) filesBefore = files()
    }
    await checkTraces(t, place, filesBefore, 1 + WAVES * (CLIENTS + 1))
  })

  t.test(`clients disconnect during the body: ${name}`, async (t) => {
    const place = await start(t)
    const { server, bodies, logIn, files } = place
    await logIn(t, 'before')
    const filesBefore = files()
    for (let wave = 0; wave < WAVES; wave += 1) {
      const leave = await send(server, bodies(100))
      await logIn(t, 'one meanwhile')
      leave()
      await logIn(t, 'the next one')
    }
    await checkTraces(t, place, filesBefore, 1 + WAVES * 2)
  })
}
