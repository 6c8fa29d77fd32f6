import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'tap'
import { request } from 'undici'
import { startHealthServer } from '../../src/http/health.ts'
import type { HealthChecks } from '../../src/observe/checks.ts'
import { recordedLog } from '../recorded-log.ts'

const CHECKS: HealthChecks = {
  live: () => [],
  ready: () => [{ name: 'sts', fault: () => 'secret' }],
}

/** A server on a free port, and its port. */
async function takePort(): Promise<{ readonly port: number; readonly free: () => Promise<unknown> }> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address: AddressInfo | string | null = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return { port: address.port, free: () => once(server.close(), 'close') }
}

void test('ok on every path except those of the checks, until it is closed', async (t) => {
  const { port, free } = await takePort()
  await free()
  const { log, lines } = recordedLog()
  const health = await startHealthServer({ host: null, port }, CHECKS, log)
  for (const path of ['/', '/healthz', '/x?y']) {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { reset: true })
    t.same([statusCode, await body.text()], [200, 'ok'], path)
  }
  const ready = await request(`http://127.0.0.1:${port}/readyz?verbose`, { reset: true })
  t.same([ready.statusCode, await ready.body.text()], [500, '[-]sts failed: reason withheld\nreadyz check failed\n'])
  const live = await request(`http://127.0.0.1:${port}/livez`, { reset: true })
  t.same([live.statusCode, await live.body.text()], [200, 'ok'])
  t.same(lines, [])
  await health.close()
  await t.rejects(request(`http://127.0.0.1:${port}/`), { code: 'ECONNREFUSED' })
})

void test('a port in use is logged, and closing still works', async (t) => {
  const { port, free } = await takePort()
  const { log, lines } = recordedLog()
  const health = await startHealthServer({ host: null, port }, CHECKS, log)
  t.match(lines, [{ level: 'error', fields: { error: /EADDRINUSE/ } }])
  t.match(lines[0]?.message, String(port))
  await health.close()
  await free()
})
