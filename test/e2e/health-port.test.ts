import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { openFiles, residentMebibytes } from './harness/process.ts'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const CONNECTIONS = 64
const HALF_SENT = 15_000
const BATCH = 250
/** More than the server needs for its connections to STS and to clients of the webhook. */
const OTHER_FILES = 40
const MAX_GROWTH_MEBIBYTES = 48
/** Five times the limit of 2 s. */
const PATIENCE_MS = 10_000

const HEAD = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n'
/** The number of headers that a server keeps while it waits for the rest. */
const HALF = HEAD + 'x-half: sent\r\n'.repeat(120)

interface Place {
  readonly server: TestServer
  readonly open: () => Socket
}

async function start(t: Test): Promise<Place> {
  const port = await freePort()
  const configuration = `${USER_CONFIGURATION}  healthAddress: 127.0.0.1:${port}\n`
  const server = await startTestServer(t, { aws: await startAws(t), configuration })
  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => socket.destroy())
    return socket
  }
  return { server, open }
}

/** Sends a request, and resolves with everything received until the server closes the connection. */
function exchange(open: () => Socket, request: string): Promise<string> {
  const socket = open()
  socket.write(request)
  return text(socket).catch(() => '')
}

/** True if the server closes a connection in time. */
async function isCut(socket: Socket): Promise<boolean> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  socket.resume()
  if (!socket.destroyed) await once(socket, 'close', { signal: patience }).catch(() => undefined)
  return socket.destroyed
}

t.test(`${HALF_SENT} half-sent headers on the health port cost no memory, no descriptors and no login`, async (t) => {
  const { server, open } = await start(t)
  t.equal(verdict(await server.review(userToken())), true, 'a login before')
  const before = { memory: residentMebibytes(server), files: openFiles(server) }
  let most = before
  for (let sent = 0; sent < HALF_SENT; sent += BATCH) {
    const batch = Array.from({ length: BATCH }, open)
    for (const socket of batch) socket.resume().write(HALF)
    await Promise.all(
      batch.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)),
    )
    most = {
      memory: Math.max(most.memory, residentMebibytes(server)),
      files: Math.max(most.files, openFiles(server)),
    }
    if (verdict(await server.review(userToken())) !== true) t.fail(`no login after ${sent} connections`)
  }
  const grown = Math.round(most.memory - before.memory)
  t.ok(grown < MAX_GROWTH_MEBIBYTES, `the server grew by ${grown} MiB`)
  t.ok(most.files <= before.files + CONNECTIONS + OTHER_FILES, `${most.files} files open, ${before.files} before`)
  t.equal(verdict(await server.review(userToken())), true, 'a login afterwards')
})

t.test(`the health port has ${CONNECTIONS} connections, with 2 s for a request`, async (t) => {
  const { open } = await start(t)
  // A connection without a byte is not accepted at once: the kernel waits for the first one.
  const begin = (): Socket => {
    const socket = open()
    socket.resume().write('GE')
    return socket
  }
  const clients: Readonly<Record<string, () => Socket>> = {
    nothing: open,
    'half a line': begin,
    'headers that do not end': () => {
      const socket = open()
      socket.write(HEAD)
      const timer = setInterval(() => socket.write('x: y\r\n'), 250)
      socket.once('close', () => clearInterval(timer))
      return socket
    },
  }
  for (const [name, client] of Object.entries(clients)) t.equal(await isCut(client()), true, name)

  const idle = Array.from({ length: CONNECTIONS }, begin)
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  t.equal(await isCut(begin()), true, 'one more')
  t.equal(idle.filter(({ destroyed }) => !destroyed).length, CONNECTIONS, 'the others are still there')
  t.same(await Promise.all(idle.map(isCut)), Array(CONNECTIONS).fill(true), 'until their time is over')
  t.match(await exchange(open, `${HEAD}\r\n`), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/, 'then there is room again')
})

/** A request with headers of this size. */
function requestOf(bytes: number): string {
  const padding = bytes - HEAD.length - 'x-padding: \r\n\r\n'.length
  return `${HEAD}x-padding: ${'x'.repeat(padding)}\r\n\r\n`
}

t.test('headers on the health port have 2 KiB', async (t) => {
  const { server, open } = await start(t)
  t.match(await exchange(open, requestOf(1_900)), /^HTTP\/1\.1 200 /)
  t.notMatch(await exchange(open, requestOf(2_200)), /^HTTP\/1\.1 200 /)
  t.notMatch(await exchange(open, `GET /${'x'.repeat(2_200)} HTTP/1.1\r\nhost: localhost\r\n\r\n`), /^HTTP\/1\.1 200 /)
  t.equal(verdict(await server.review(userToken())), true)
})

t.test('the health port accepts GET and HEAD, and closes each connection after its answer', async (t) => {
  const { open } = await start(t)
  for (const path of ['/', '/healthz', '/livez', '/any/path?x']) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await exchange(open, `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
      t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, `${method} ${path}`)
      t.match(answer, /\r\nconnection: close\r\n/i, `${method} ${path}`)
      t.match(answer, method === 'HEAD' ? /\r\n\r\n$/ : /\r\n\r\nok$/, `${method} ${path}`)
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const answer = await exchange(open, `${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n`)
      t.match(answer, /^HTTP\/1\.1 405 /, `${method} ${path}`)
      t.match(answer, /\r\nallow: GET, HEAD\r\n/i, `${method} ${path}`)
      t.match(answer, /\r\nconnection: close\r\n/i, `${method} ${path}`)
    }
  }
  const pipelined = await exchange(open, `${HEAD}\r\n`.repeat(3))
  t.equal(pipelined.split('HTTP/1.1 200 OK').length - 1, 1, 'one request for each connection')
})
