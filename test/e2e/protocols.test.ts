import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'
import { http1, http2 } from './harness/wire.ts'

const HEALTH_PORT = 21_363

type Handshake = Readonly<Record<'minVersion' | 'maxVersion', 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>>

async function start(t: Test): Promise<TestServer> {
  const aws = await startAws(t)
  return startTestServer(t, { aws, configuration: USER_CONFIGURATION })
}

function openTls(t: Test, server: TestServer, versions: Partial<Handshake>, protocols?: readonly string[]): TLSSocket {
  const { port, certificate } = server
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: certificate,
    servername: 'localhost',
    // Old versions are disabled in this client, too, by default.
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ...versions,
    ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
  })
  t.teardown(() => socket.destroy())
  return socket
}

function review(token: string): string {
  return JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
}

t.test('TLS 1.2 and 1.3 work, older versions do not', async (t) => {
  const server = await start(t)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = openTls(t, server, { minVersion: version, maxVersion: version })
    await once(socket, 'secureConnect')
    t.equal(socket.getProtocol(), version)
    t.equal(socket.authorized, true, 'by the certificate of the state folder')
  }
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const socket = openTls(t, server, { minVersion: version, maxVersion: version })
    const outcome = await new Promise<string>((resolve) => {
      socket.once('secureConnect', () => resolve('connected'))
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
    t.match(outcome, /^(?:ERR_SSL_|ECONNRESET)/, version)
  }
})

t.test('ALPN chooses HTTP/2 or HTTP/1.1, and clients without ALPN use HTTP/1.1', async (t) => {
  const server = await start(t)
  const chosen = async (protocols?: readonly string[]): Promise<string | false | null> => {
    const socket = openTls(t, server, {}, protocols)
    await once(socket, 'secureConnect')
    return socket.alpnProtocol
  }
  t.equal(await chosen(['h2', 'http/1.1']), 'h2', 'what Go offers')
  t.equal(await chosen(['h2']), 'h2')
  t.equal(await chosen(['http/1.1']), 'http/1.1')

  const socket = openTls(t, server, {})
  await once(socket, 'secureConnect')
  t.equal(socket.alpnProtocol, false)
  const body = review(userToken())
  const head = ['POST /authenticate HTTP/1.1', 'host: localhost', 'connection: close', `content-length: ${body.length}`]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  const answer = await text(socket)
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  t.match(answer, /"authenticated":true/)
})

t.test('a client like that of Go: one HTTP/2 connection with concurrent and successive requests', async (t) => {
  const { port, certificate, ...server } = await start(t)
  const session = connectHttp2(`https://localhost:${port}`, { ca: certificate, host: '127.0.0.1' })
  t.teardown(() => session.destroy())
  const ask = async (token: string): Promise<string> => {
    const body = review(token)
    const stream = session.request({
      ':method': 'POST',
      // As in kube-apiserver's webhook client.
      ':path': '/authenticate?timeout=30s',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      accept: 'application/json, */*',
      'user-agent': 'kube-apiserver/v1.33.1 (linux/amd64) kubernetes/8adc0f0',
      'accept-encoding': 'gzip',
    })
    stream.end(body)
    return text(stream)
  }
  const bad = userToken({ clusterId: 'other.local' })
  for (const round of [1, 2, 3]) {
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, index) => ask(index % 3 === 0 ? bad : userToken())),
    )
    const granted = answers.map((answer) => /"authenticated":true/.test(answer))
    t.same(
      granted,
      granted.map((_, index) => index % 3 !== 0),
      `round ${round}: each stream got its own answer`,
    )
  }
  t.equal(session.closed, false)
  const clients = new Set(server.log().flatMap(({ msg, client }) => (msg === 'access granted' ? [client] : [])))
  t.equal(clients.size, 1, 'all came over one connection')
})

t.test('an HTTP/1.1 connection is kept open', async (t) => {
  const server = await start(t)
  const client = http1(server)
  t.teardown(() => client.close())
  for (const _ of [1, 2, 3]) {
    const answer = await client.send({ body: review(userToken()), headers: { 'content-type': 'application/json' } })
    t.match(answer.text, /"authenticated":true/)
  }
  await server.waitForLog(() => server.log().filter(({ msg }) => msg === 'access granted').length === 3)
  const granted = server.log().filter(({ msg }) => msg === 'access granted')
  t.equal(new Set(granted.map(({ client: from }) => from)).size, 1)
})

t.test('/healthz on the webhook port returns ok', async (t) => {
  const server = await start(t)
  for (const speak of [http1, http2]) {
    const client = speak(server)
    t.teardown(() => client.close())
    const answer = await client.send({ method: 'GET', path: '/healthz' })
    t.match(answer, { status: 200, text: 'ok' })
    t.match(answer.headers['content-type'], /^text\/plain/)
  }
})

t.test('/healthz and /metrics on the webhook port answer every method', async (t) => {
  const server = await start(t)
  const body = review(userToken())
  for (const [protocol, speak] of [['HTTP/1.1', http1] as const, ['HTTP/2', http2] as const]) {
    const client = speak(server)
    t.teardown(() => client.close())
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
      const sent = method === 'POST' ? { body, headers: { 'content-type': '///' } } : {}
      const health = await client.send({ method, path: '/healthz', ...sent })
      t.equal(health.status, 200, `${protocol}: ${method} /healthz`)
      t.equal(health.text, method === 'HEAD' ? '' : 'ok', `${protocol}: ${method} /healthz`)
      t.equal(health.headers['content-length'], '2', `${protocol}: ${method} /healthz`)
      const metrics = await client.send({ method, path: '/metrics', ...sent })
      t.equal(metrics.status, 200, `${protocol}: ${method} /metrics`)
      t.match(
        metrics.text,
        method === 'HEAD' ? /^$/ : /^process_cpu_seconds_total \d/m,
        `${protocol}: ${method} /metrics`,
      )
    }
    for (const path of ['/livez', '/readyz', '/status']) {
      const { status, text: none } = await client.send({ method: 'HEAD', path })
      t.same([status, none], [200, ''], `${protocol}: HEAD ${path}`)
    }
  }
})

async function plain(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { statusCode, body } = await request(`http://127.0.0.1:${HEALTH_PORT}${path}`, { reset: true })
  return { status: statusCode, body: await body.text() }
}

t.test('plain HTTP on port 21363 returns ok on every path but two; a port in use is only logged', async (t) => {
  const aws = await startAws(t)
  // Other tests run servers too. The port may be in use, and this one must work either way.
  const servers = [
    await startTestServer(t, { aws, configuration: USER_CONFIGURATION }),
    await startTestServer(t, { aws, configuration: USER_CONFIGURATION }),
  ]
  for (const path of ['/', '/healthz', '/livez', '/any/path?verbose']) {
    t.same(await plain(path), { status: 200, body: 'ok' }, path)
  }
  t.match(await plain('/livez?verbose'), { status: 200, body: /^\[\+\]ping ok\n/ })
  const complaints = servers.map((server) =>
    server.log().filter(({ level, msg }) => level === 'error' && String(msg).includes(String(HEALTH_PORT))),
  )
  t.equal(complaints.at(-1)?.length, 1, 'the second has one line')
  t.match(complaints.at(-1), [{ error: /EADDRINUSE|in use/ }])
  for (const server of servers) t.match((await server.review(userToken())).json, { status: { authenticated: true } })
})
