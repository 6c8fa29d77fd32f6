import { once } from 'node:events'
import { createServer, connect, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { request } from 'undici'
import { startPlainServer, type PlainServerOptions } from '../../src/http/plain-server.ts'
import { recordedLog } from '../recorded-log.ts'

/** More than the buffers of a connection. */
const LARGE_BYTES = 64 * 1024 * 1024
const LIMIT_MS = 10_000

interface Started {
  readonly port: number
  readonly lines: ReturnType<typeof recordedLog>['lines']
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address: AddressInfo | string | null = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  await once(server.close(), 'close')
  return address.port
}

async function start(t: Test, answer: PlainServerOptions['answer']): Promise<Started> {
  const port = await freePort()
  const { log, lines } = recordedLog()
  const server = await startPlainServer({ address: { host: '127.0.0.1', port }, subject: 'requests', answer, log })
  t.teardown(() => server.close())
  return { port, lines }
}

void test('a client that does not read its answer is cut after 10 s', async (t) => {
  const { port } = await start(t, () => ({ status: 200, body: Buffer.alloc(LARGE_BYTES) }))
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  t.teardown(() => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await sleep(LIMIT_MS + 1_000)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
  await once(socket, 'close', { signal: AbortSignal.timeout(LIMIT_MS) })
  t.ok(bytes < LARGE_BYTES, `${bytes} bytes`)
})

void test('an answer that fails is logged by its code, and the connection is closed', async (t) => {
  const { port, lines } = await start(t, () => Promise.reject(new Error('secret')))
  await t.rejects(request(`http://127.0.0.1:${port}/`, { reset: true }))
  t.match(lines, [{ level: 'error', fields: { error: 'unknown' } }])
  t.notMatch(JSON.stringify(lines), 'secret')
})
