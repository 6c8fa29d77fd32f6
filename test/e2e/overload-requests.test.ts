import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { beginHeaders, endlessHeaders, floodHeaders } from './harness/http2-frames.ts'
import { residentMebibytes } from './harness/process.ts'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

/** Longer than a connection may stay open. */
const PATIENCE_MS = 45_000
const SOUND = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'

async function start(t: Test): Promise<TestServer> {
  const aws = await startAws(t)
  return startTestServer(t, { aws, configuration: `${USER_CONFIGURATION}  tokenCacheTTL: 0\n` })
}

/** True if the server closes it in time. */
async function isCut(socket: TLSSocket): Promise<boolean> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  if (!socket.destroyed) await once(socket, 'close', { signal: patience }).catch(() => undefined)
  const { destroyed } = socket
  socket.destroy()
  return destroyed
}

/** An HTTP/1.1 connection with one answered request. */
async function answered({ port, certificate }: TestServer, alsoSent = ''): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate })
  socket.on('error', () => undefined).write(SOUND + alsoSent)
  await once(socket, 'data')
  return socket
}

/** Sends one chunk each second. */
function trickle(socket: TLSSocket, piece: string | Buffer): TLSSocket {
  const timer = setInterval(() => socket.write(piece), 1_000)
  socket.once('close', () => clearInterval(timer))
  return socket
}

t.test('endless HTTP/2 headers cost no memory and no login, and are cut', async (t) => {
  const server = await start(t)
  await server.review(userToken())
  const before = residentMebibytes(server)
  let most = 0
  const open = new Set<string>()
  const floods = Object.entries(endlessHeaders).map(async ([kind, headers]) => {
    open.add(kind)
    const socket = await beginHeaders(server, headers)
    const flooded = floodHeaders(socket, headers)
    t.equal(await isCut(socket), true, `${kind}: cut`)
    await flooded
    open.delete(kind)
  })
  let logins = 0
  while (open.size > 0) {
    if (verdict(await server.review(userToken())) === true) logins += 1
    else t.fail(`a login beside ${[...open].join(', ')}`)
    most = Math.max(most, residentMebibytes(server))
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  await Promise.all(floods)
  t.ok(most - before < 64, `${logins} logins meanwhile, the server grew by ${Math.round(most - before)} MiB`)
  t.equal(verdict(await server.review(userToken())), true, 'a login afterwards')
})

t.test('a connection without a second request is cut', async (t) => {
  const server = await start(t)
  const head = 'POST /authenticate HTTP/1.1\r\nhost: localhost\r\nx-slow: '
  const { more, empty } = endlessHeaders
  const clients: Readonly<Record<string, () => Promise<TLSSocket>>> = {
    'HTTP/1.1, byte by byte': async () => {
      const socket = await answered(server)
      socket.write(head)
      return trickle(socket, 'a')
    },
    'HTTP/1.1, begun together with the first': async () => trickle(await answered(server, head), 'a'),
    'HTTP/1.1, nothing but the ends of lines': async () => trickle(await answered(server), '\r\n'),
    'HTTP/1.1, no more': async () => {
      const socket = await answered(server)
      socket.write(head)
      return socket
    },
    'HTTP/1.1, nothing at all': () => answered(server),
    'HTTP/2, a frame without a byte each second': async () => trickle(await beginHeaders(server, empty), empty.again),
    'HTTP/2, a frame byte by byte': async () => {
      const socket = await beginHeaders(server, more)
      socket.write(more.again.subarray(0, 100))
      return trickle(socket, 'a')
    },
    'HTTP/2, no more': () => beginHeaders(server, more),
  }
  // Two idle connections from equal port numbers of different addresses: they must not be confused.
  const localPort = await freePort()
  const addresses = ['127.0.0.1', '127.0.0.2']
  const resting = addresses.map((localAddress) => {
    const socket = connectTcp({ port: server.port, host: '127.0.0.1', localAddress, localPort })
    const secure = { socket, servername: 'localhost', ca: server.certificate, ALPNProtocols: ['h2'] }
    return connectHttp2('https://localhost', { createConnection: () => connect(secure) })
  })
  t.teardown(() => resting.forEach((session) => session.destroy()))
  await Promise.all(resting.map((session) => once(session, 'connect')))
  let pings = 0
  for (const session of resting) {
    session.on('ping', () => (pings += 1))
    await once(session.request({ ':path': '/healthz' }).resume(), 'close')
  }
  const busy = trickle(await answered(server), SOUND)
  t.teardown(() => busy.destroy())
  const cut = await Promise.all(Object.values(clients).map(async (open) => isCut(await open())))
  for (const [index, name] of Object.keys(clients).entries()) t.equal(cut[index], true, name)
  t.equal(busy.destroyed, false, 'who asks again and again is not cut')
  t.ok(pings > 2, `clients that only rest answered ${pings} PINGs`)
  for (const [index, session] of resting.entries()) {
    t.equal(session.destroyed || session.closed, false, `who rests at ${addresses[index]} is not cut`)
  }
  t.equal(verdict(await server.review(userToken())), true)
})
