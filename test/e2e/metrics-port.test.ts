import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const CONNECTIONS = 64
/** Five times the limit of 2 s. */
const PATIENCE_MS = 10_000

interface Place {
  readonly server: TestServer
  readonly url: string
  readonly open: () => Socket
}

/** True if the server closes a connection in time. */
async function isCut(socket: Socket): Promise<boolean> {
  if (!socket.destroyed) {
    await once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined)
  }
  return socket.destroyed
}

async function start(t: Test): Promise<Place> {
  const port = await freePort()
  const configuration = `${USER_CONFIGURATION}  metricsAddress: 127.0.0.1:${port}\n`
  const server = await startTestServer(t, { aws: await startAws(t), configuration })
  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => socket.destroy())
    return socket
  }
  return { server, url: `http://127.0.0.1:${port}`, open }
}

t.test('the metrics port answers /metrics to GET and HEAD, and nothing else', async (t) => {
  const { server, url } = await start(t)
  t.equal(verdict(await server.review(userToken())), true)
  const plain = await request(`${url}/metrics`)
  t.equal(plain.statusCode, 200)
  t.match(plain.headers['content-type'], /^text\/plain; version=/)
  const metrics = await plain.body.text()
  t.match(metrics, /^aws_iam_authenticator_authenticate_latency_seconds_count\{result="success"\} 1$/m)
  t.match((await request(`${url}/metrics?x`, { headers: { 'accept-encoding': 'gzip' } })).headers, {
    'content-encoding': 'gzip',
  })
  const head = await request(`${url}/metrics`, { method: 'HEAD' })
  t.same([head.statusCode, await head.body.text()], [200, ''])
  t.equal((await request(`${url}/metrics`, { method: 'POST', body: 'x' })).statusCode, 405)
  for (const path of ['/', '/status', '/readyz', '/authenticate', '/metrics/']) {
    t.equal((await request(url + path)).statusCode, 404, path)
  }
})

t.test(`the metrics port has ${CONNECTIONS} connections, 2 KiB of headers, and 2 s for a request`, async (t) => {
  const { server, url, open } = await start(t)
  // A connection without a byte is not accepted at once: the kernel waits for the first one.
  const begin = (): Socket => {
    const socket = open()
    socket.resume().write('GE')
    return socket
  }
  const idle = Array.from({ length: CONNECTIONS }, begin)
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  t.equal(await isCut(begin()), true, 'one more')
  t.equal(idle.filter(({ destroyed }) => !destroyed).length, CONNECTIONS, 'the others are still there')
  t.equal(verdict(await server.review(userToken())), true, 'a login meanwhile')
  t.same(await Promise.all(idle.map(isCut)), Array(CONNECTIONS).fill(true), 'until their time is over')
  t.equal((await request(`${url}/metrics`)).statusCode, 200, 'then there is room again')
  for (const [bytes, status] of [
    [1_900, /^HTTP\/1\.1 200 /],
    [2_200, /^(?!HTTP\/1\.1 200 )/],
  ] as const) {
    const socket = open()
    socket.write(`GET /metrics HTTP/1.1\r\nhost: x\r\nx-padding: ${'x'.repeat(bytes)}\r\n\r\n`)
    t.match(await text(socket).catch(() => ''), status, `${bytes} bytes`)
  }
})

t.test('a metrics port in use is logged, and the server goes on', async (t) => {
  const port = await freePort()
  const configuration = `${USER_CONFIGURATION}  healthAddress: 127.0.0.1:${port}\n  metricsAddress: 127.0.0.1:${port}\n`
  const server = await startTestServer(t, { aws: await startAws(t), configuration })
  await server.waitForLog(({ msg }) => msg === `requests for metrics on port ${port} are not answered`)
  t.equal(verdict(await server.review(userToken())), true)
})
