import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { test, type Test } from 'tap'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import type { ListenerLimits } from '../../src/http/limits.ts'
import * as listeners from '../../src/http/listeners.ts'
import { secureOptions } from '../../src/tls/secure-options.ts'

const PACKAGES = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const LISTENERS = 'server/src/http/listeners.ts'

/** Everything that creates a server: functions and classes of Node, Bun's, and fastify without its own server. */
const CREATES =
  /\b(?:createServer|createSecureServer|createSocket|new (?:\w+\.)?(?:Http2Secure|Http2)?Server|Bun\.(?:serve|listen|udpSocket))\s*\(/
const FASTIFY = /\bfastify\(\{(?:(?!\n {2}\}\))[^])*\bserverFactory\b/

const LIMITS: ListenerLimits = {
  connections: 3,
  headerBytes: 1_024,
  firstRequestMs: 300,
  bodyMs: 300,
  idleSessionMs: 300,
}

const pair = selfSignedPair('localhost')

interface Creator {
  readonly create: (limits: ListenerLimits) => { readonly server: Server }
  /** Opens a connection for HTTP/1.1. */
  readonly open: (port: number) => Socket
}

/** Each of the functions that create a listener. */
const CREATORS: Readonly<Record<string, Creator>> = {
  createTlsListener: {
    create: (limits) =>
      listeners.createTlsListener(secureOptions({ certificatePem: pair.cert, keyPem: pair.key }), limits),
    open: (port) => connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert }),
  },
  createPlainListener: { create: listeners.createPlainListener, open: (port) => connect(port, '127.0.0.1') },
}

async function listen(t: Test, server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

void test('no source creates a listener without the function that applies limits', (t) => {
  const sources = globSync('*/src/**/*.ts', { cwd: PACKAGES })
  t.ok(sources.includes(LISTENERS))
  const creating = sources.filter((path) => CREATES.test(readFileSync(join(PACKAGES, path), 'utf8')))
  t.same(creating, [LISTENERS])
  for (const path of sources) {
    const source = readFileSync(join(PACKAGES, path), 'utf8')
    if (/\bfastify\(/.test(source)) t.match(source, FASTIFY, path)
  }
  const source = readFileSync(join(PACKAGES, LISTENERS), 'utf8')
  t.equal(source.match(new RegExp(CREATES, 'g'))?.length, source.match(/applyLimits\(server, limits\)/g)?.length)
  t.same(
    Object.keys(listeners)
      .filter((name) => name.startsWith('create'))
      .sort(),
    Object.keys(CREATORS).sort(),
  )
  t.end()
})

/** The data until the server closes the connection. */
async function received(socket: Socket, sent: string): Promise<string> {
  let came = ''
  socket.on('data', (piece: Buffer) => (came += piece.toString('latin1'))).on('error', () => undefined)
  socket.write(sent)
  await once(socket, 'close')
  return came
}

for (const [name, { create, open }] of Object.entries(CREATORS)) {
  void test(`${name}: cuts connections without a request, and closes those over the limit`, async (t) => {
    const port = await listen(t, create(LIMITS).server)
    const begin = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      await once(socket, 'connect')
      return socket
    }
    const sockets = await Promise.all(Array.from({ length: LIMITS.connections }, begin))
    await once(await begin(), 'close')
    t.same(
      sockets.map(({ destroyed }) => destroyed),
      [false, false, false],
    )
    await Promise.all(sockets.map((socket) => once(socket, 'close')))
  })

  void test(`${name}: rejects headers that are too long, and cuts bodies that do not end`, async (t) => {
    const { server } = create(LIMITS)
    const port = await listen(t, server)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      request.on('error', () => undefined).resume()
      request.on('end', () => response.end('ok'))
    })
    const head = 'POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n'
    const padded = (bytes: number): string => `${head}x: ${'x'.repeat(bytes - head.length)}\r\n\r\n`
    t.match(await received(open(port), padded(LIMITS.headerBytes - 100)), /^HTTP\/1\.1 200 /)
    t.notMatch(await received(open(port), padded(LIMITS.headerBytes + 100)), /^HTTP\/1\.1 200 /)
    t.equal(await received(open(port), `${head}content-length: 2\r\n\r\n1`), '')
  })
}

void test('an HTTP/2 session without traffic is closed', async (t) => {
  const { server } = CREATORS['createTlsListener']?.create(LIMITS) ?? {}
  if (server === undefined) throw new TypeError('no server')
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => response.end('ok'))
  const session = connectHttp2(`https://localhost:${await listen(t, server)}`, { ca: pair.cert, host: '127.0.0.1' })
  const answered = once(session.request().resume(), 'close')
  const closed = once(session, 'close')
  await answered
  t.equal(session.closed, false)
  await closed
})
