import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test, type Test } from 'tap'
import { selfSignedPair } from '../../../../test/sandbox/kubernetes/certificates.ts'
import type { ListenerLimits } from '../../src/http/limits.ts'
import * as listeners from '../../src/http/listeners.ts'
import { secureOptions } from '../../src/tls/secure-options.ts'

const PACKAGES = join(dirname(fileURLToPath(import.meta.url)), '../..')
const LISTENERS = 'server/src/http/listeners.ts'

/** Whatever creates a server: Node's functions and classes, Bun's, and fastify without a server of its own. */
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

/** Each of the functions that create a listener. */
const CREATORS: Readonly<Record<string, (limits: ListenerLimits) => { readonly server: Server }>> = {
  createTlsListener: (limits) =>
    listeners.createTlsListener(secureOptions({ certificatePem: pair.cert, keyPem: pair.key }), limits),
  createPlainListener: listeners.createPlainListener,
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

for (const [name, create] of Object.entries(CREATORS)) {
  void test(`${name}: cuts what sends no request, and closes what comes on top`, async (t) => {
    const port = await listen(t, create(LIMITS).server)
    const sockets = []
    for (let count = 0; count < LIMITS.connections; count += 1) {
      const socket = connect(port, '127.0.0.1')
        .on('error', () => undefined)
        .resume()
      sockets.push(socket)
      await once(socket, 'connect')
    }
    const onTop = connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume()
    await once(onTop, 'close')
    t.same(
      sockets.map(({ destroyed }) => destroyed),
      [false, false, false],
    )
    await Promise.all(sockets.map((socket) => once(socket, 'close')))
  })
}
