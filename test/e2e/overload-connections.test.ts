import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { residentMebibytes } from './harness/process.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const HEAD = 'POST /authenticate HTTP/1.1\r\nhost: localhost\r\n'

async function start(t: Test): Promise<TestServer> {
  const aws = await startAws(t)
  return startTestServer(t, { aws, configuration: USER_CONFIGURATION })
}

function speakTls({ port, certificate }: TestServer, protocol: string): Socket {
  return connectTls({ port, host: '127.0.0.1', ca: certificate, servername: 'localhost', ALPNProtocols: [protocol] })
}

/** Sends a beginning, then one chunk repeatedly. */
function trickle(socket: Socket, beginning: string, piece: string): Socket {
  socket.write(beginning)
  const timer = setInterval(() => socket.write(piece), 500)
  socket.once('close', () => clearInterval(timer))
  return socket
}

async function secondsUntilClosed(socket: Socket): Promise<number> {
  const startedAt = performance.now()
  socket.on('error', () => undefined).resume()
  await once(socket, 'close')
  return (performance.now() - startedAt) / 1000
}

t.test('clients without a complete request are cut after 10 s', async (t) => {
  const server = await start(t)
  const clients: Readonly<Record<string, () => Socket>> = {
    'no handshake': () => connect(server.port, '127.0.0.1'),
    'half a handshake': () => {
      const socket = connect(server.port, '127.0.0.1')
      socket.write(Buffer.from([22, 3, 1, 1, 0]))
      return socket
    },
    'no request, HTTP/1.1': () => speakTls(server, 'http/1.1'),
    'no request, HTTP/2': () => speakTls(server, 'h2'),
    'headers that do not end': () => trickle(speakTls(server, 'http/1.1'), HEAD, 'x-more: headers\r\n'),
    'a body that does not end': () => trickle(speakTls(server, 'http/1.1'), `${HEAD}content-length: 1000\r\n\r\n`, '{'),
  }
  const cut = await Promise.all(Object.values(clients).map((open) => secondsUntilClosed(open())))
  for (const [index, name] of Object.keys(clients).entries()) {
    const seconds = cut[index] ?? 0
    t.ok(seconds > 9 && seconds < 13, `${name}: after ${seconds.toFixed(1)} s`)
  }
  t.equal(verdict(await server.review(userToken())), true)
})

t.test('an HTTP/2 stream with an endless body is reset after 10 s; its connection continues', async (t) => {
  const server = await start(t)
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: server.certificate, host: '127.0.0.1' })
  t.teardown(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/authenticate' }, { endStream: false })
  const failed = once(stream, 'error')
  stream.resume()
  let status: unknown = null
  stream.on('response', (headers) => (status = headers[':status']))
  const timer = setInterval(() => !stream.destroyed && stream.write(' '), 500)
  t.teardown(() => clearInterval(timer))
  const startedAt = performance.now()
  await Promise.race([failed, once(stream, 'close', { signal: AbortSignal.timeout(20_000) })])
  clearInterval(timer)
  const seconds = (performance.now() - startedAt) / 1000
  t.ok(seconds > 9 && seconds < 13, `after ${seconds.toFixed(1)} s`)
  t.equal(status, null, 'without an answer')
  t.equal(session.destroyed || session.closed, false)
  const next = session.request({ ':path': '/healthz' }).resume()
  t.match(await once(next, 'response'), [{ ':status': 200 }])
  t.notMatch(server.output(), /access denied/)
})

t.test('2,000 silent connections block no login', async (t) => {
  const server = await start(t)
  await server.request({ path: '/healthz' })
  const idle = Array.from({ length: 2_000 }, () => connect(server.port, '127.0.0.1').on('error', () => undefined))
  t.teardown(() => idle.forEach((socket) => socket.destroy()))
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  const startedAt = performance.now()
  t.equal((await server.request({ path: '/healthz' })).text, 'ok')
  t.comment(
    `healthz after ${Math.round(performance.now() - startedAt)} ms, ${Math.round(residentMebibytes(server))} MiB`,
  )
  t.equal(verdict(await server.review(userToken())), true)
})

t.test('the server survives streams that are opened and reset at once', async (t) => {
  const server = await start(t)
  await server.review(userToken())
  const before = residentMebibytes(server)
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: server.certificate, host: '127.0.0.1' })
  session.on('error', () => undefined)
  t.teardown(() => session.destroy())
  await once(session, 'connect')
  for (let burst = 0; burst < 100 && !session.destroyed; burst += 1) {
    for (let stream = 0; stream < 100 && !session.destroyed && !session.closed; stream += 1) {
      const request = session.request({ ':method': 'POST', ':path': '/authenticate' })
      request.on('error', () => undefined)
      request.close(constants.NGHTTP2_CANCEL)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal((await server.request({ path: '/healthz' })).text, 'ok')
  t.equal(verdict(await server.review(userToken())), true)
  const grown = residentMebibytes(server) - before
  t.ok(grown < 100, `the server grew by ${Math.round(grown)} MiB`)
})
