import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect as connectTcp, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { HttpClient, HttpRequestOptions } from '../../src/http-client.ts'
import { test, type Test } from 'tap'
import { startConnectProxy, type ConnectProxy } from '@aws-iam-authenticator/sandbox/proxy/connect-proxy'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { createOneShotClient } from '../../src/connect/one-shot-client.ts'

const ORIGIN = 'https://sts.eu-west-1.amazonaws.com'
const authority = createAuthority()

/** The first byte of a greeting (RFC 1928, section 3). */
const SOCKS_VERSION = 5

interface Place {
  readonly port: number
  /** The open connections. */
  readonly sockets: readonly Socket[]
}

async function listen(t: Test, server: TcpServer, event: 'connection' | 'secureConnection'): Promise<Place> {
  const sockets: Socket[] = []
  server.on(event, (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  return { port: await listenTcp(t, server), sockets }
}

/** Answers each request with its method, target, body and some headers. */
async function echo(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8')
  let body = ''
  for await (const piece of request) body += String(piece)
  const { host, 'x-test': mark, 'content-length': length } = request.headers
  return JSON.stringify([request.method, request.url, host, mark, length, body])
}

interface Echo extends Place {
  readonly proxy: ConnectProxy
  readonly client: HttpClient
  readonly caFile: string
}

interface EchoOptions {
  /** The maximum number of requests per connection. Default: no limit. */
  readonly requestsPerConnection?: number
  /** The host of its certificate. Default: the requested host. */
  readonly certified?: string
}

/** A server with TLS behind a proxy. */
async function startEcho(t: Test, { requestsPerConnection = 0, certified }: EchoOptions = {}): Promise<Echo> {
  const server = createHttpsServer(
    { SNICallback: (host, callback) => callback(null, authority.secureContext(certified ?? host)) },
    (request, response) => void echo(request).then((text) => response.end(text)),
  )
  server.maxRequestsPerSocket = requestsPerConnection
  const place = await listen(t, server, 'secureConnection')
  const proxy = await startConnectProxy({ route: () => place.port })
  t.teardown(() => proxy.close())
  const caFile = `${t.testdir({})}/ca.pem`
  writeFileSync(caFile, authority.pem)
  const client = createOneShotClient({ environment: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: caFile } })
  t.teardown(() => client.destroy())
  return { ...place, proxy, client, caFile }
}

async function listenTcp(t: Test, server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return address.port
}

/** A server without TLS that sends these bytes to any client and closes the connection. */
async function startRaw(t: Test, ...pieces: readonly string[]): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      for (const piece of pieces) socket.write(piece)
      socket.end()
    })
  })
  return `http://127.0.0.1:${await listenTcp(t, server)}`
}

async function ask(client: HttpClient, options: Partial<HttpRequestOptions> = {}): Promise<[number, string]> {
  const { statusCode, body } = await client.request({
    origin: ORIGIN,
    path: '/a?b=c',
    method: 'GET',
    headers: {},
    body: null,
    signal: AbortSignal.timeout(20_000),
    ...options,
  })
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return [statusCode, Buffer.concat(pieces).toString()]
}

void test('requests arrive unchanged, one after the other on one connection', async (t) => {
  const { client, proxy, sockets } = await startEcho(t)
  const host = 'sts.eu-west-1.amazonaws.com'
  t.same(await ask(client), [200, JSON.stringify(['GET', '/a?b=c', host, null, null, ''])])
  const headers = { 'x-test': 'é', 'content-length': '99', 'Transfer-Encoding': 'chunked', connection: 'close' }
  const posted = await ask(client, { method: 'POST', headers, body: 'naïve' })
  t.same(posted, [200, JSON.stringify(['POST', '/a?b=c', host, 'é', '6', 'naïve'])], 'lengths are those of the bytes')
  t.same(proxy.requests, [{ host, port: 443, status: 200 }])
  t.equal(sockets.length, 1)
})

void test('a connection that was opened ahead is used', async (t) => {
  const { client, proxy, sockets } = await startEcho(t)
  client.open?.(ORIGIN)
  client.open?.(ORIGIN)
  await ask(client)
  t.equal(proxy.requests.length, 1)
  t.equal(sockets.length, 1)
  await ask(client, { origin: 'https://sts.us-east-1.amazonaws.com' })
  t.same(
    proxy.requests.map(({ host }) => host),
    ['sts.eu-west-1.amazonaws.com', 'sts.us-east-1.amazonaws.com'],
    'to another host another one',
  )
})

void test('a closed connection is not used again', async (t) => {
  const closing = await startEcho(t, { requestsPerConnection: 1 })
  await ask(closing.client)
  await ask(closing.client)
  t.equal(closing.sockets.length, 2)
  const cut = await startEcho(t)
  await ask(cut.client)
  const [first] = cut.sockets
  first?.destroy()
  // Until the client notices, that is an error, after which a call is retried.
  while ((await ask(cut.client).catch(() => undefined)) === undefined);
  t.equal(cut.sockets.length, 2)
})

void test('a failed connection ahead of time fails the request, which can be retried', async (t) => {
  const { client, proxy } = await startEcho(t)
  await proxy.close()
  client.open?.(ORIGIN)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await t.rejects(ask(client), { code: 'ECONNREFUSED' })
  await t.rejects(ask(client), { code: 'ECONNREFUSED' })
})

void test('a valid certificate for another host is rejected', async (t) => {
  const { client } = await startEcho(t, { certified: 'sts.eu-west-1.amazonaws.com.evil.example' })
  client.open?.(ORIGIN)
  await t.rejects(ask(client), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await t.rejects(ask(client), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

void test('no header or path can end a line early', async (t) => {
  const { client, sockets } = await startEcho(t)
  const bad = [
    { headers: { 'x-test': 'a\r\nx: y' } },
    { headers: { 'x-test': 'a\n' } },
    { headers: { 'x-test': '\u{1F600}' } },
    { headers: { 'x\r\ny': 'a' } },
    { headers: { 'x y': 'a' } },
    { path: '/ HTTP/1.1\r\nx: y' },
    { path: '/a b' },
    { path: 'https://evil.example/' },
  ]
  for (const options of bad) await t.rejects(ask(client, options), { name: 'TypeError' }, JSON.stringify(options))
  t.equal(sockets.length, 0)
})

void test('without TLS and proxy, for an endpoint on this machine', async (t) => {
  const server = createHttpServer((request, response) => void echo(request).then((text) => response.end(text)))
  const { port } = await listen(t, server, 'connection')
  const client = createOneShotClient({ environment: { HTTPS_PROXY: 'http://proxy.invalid' } })
  t.teardown(() => client.destroy())
  const [status, text] = await ask(client, { origin: `http://127.0.0.1:${port}` })
  t.equal(status, 200)
  t.match(text, `"127.0.0.1:${port}"`)
})

void test('answers in chunks, without a length, or empty', async (t) => {
  const client = createOneShotClient({ environment: {} })
  t.teardown(() => client.destroy())
  const asked = async (...pieces: readonly string[]): Promise<[number, string]> =>
    await ask(client, { origin: await startRaw(t, ...pieces) })
  t.same(await asked('HTTP/1.1 200 OK\r\nCont', 'ent-Length: 5\r\n\r\nhe', 'llo'), [200, 'hello'])
  t.same(await asked('HTTP/1.1 500 No\r\n\r\n', 'all of it'), [500, 'all of it'])
  const cut = { code: 'ECONNRESET' }
  await t.rejects(asked(''), cut, 'nothing')
  await t.rejects(asked('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell'), cut, 'less than was said')
  await t.rejects(asked('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'), cut)
  await t.rejects(asked('220 mail.example ESMTP\r\n\r\n'), /not HTTP\/1\.1/)
})

void test('an invalid proxy', async (t) => {
  const rows: readonly (readonly [said: string, error: { readonly message: RegExp } | { readonly code: string }])[] = [
    ['HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', { message: /more than its answer/ }],
    ['HTTP/1.1 502 Bad Gateway\r\n\r\n', { message: /the proxy answered 502/ }],
    ['SSH-2.0-OpenSSH\r\n\r\n', { message: /not HTTP\/1\.1/ }],
    ['', { code: 'ECONNRESET' }],
    ['HTTP/1.1 200 OK\r\n\r\n', { code: 'ECONNRESET' }],
  ]
  for (const [said, error] of rows) {
    const client = createOneShotClient({ environment: { HTTPS_PROXY: await startRaw(t, said) } })
    t.teardown(() => client.destroy())
    await t.rejects(ask(client), error, JSON.stringify(said))
  }
})

void test('a signal, or closing the client, ends a hanging request', async (t) => {
  const port = await listenTcp(
    t,
    createTcpServer((socket) => socket.on('error', () => undefined)),
  )
  const hangs = createOneShotClient({ environment: {} })
  const signal = AbortSignal.timeout(20)
  await t.rejects(ask(hangs, { origin: `http://127.0.0.1:${port}`, signal }), { name: 'TimeoutError' })
  const pending = ask(hangs, { origin: `http://127.0.0.1:${port}` })
  const cut = t.rejects(pending, { code: 'ECONNRESET' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  await hangs.destroy()
  await cut
})

void test('plain HTTP goes through the proxy without a tunnel', async (t) => {
  const server = createHttpServer((request, response) => {
    response.end(JSON.stringify([request.url, request.headers.host, request.headers['proxy-authorization']]))
  })
  const { port } = await listen(t, server, 'connection')
  const client = createOneShotClient({ environment: { HTTP_PROXY: `http://alice:p%40ss@127.0.0.1:${port}` } })
  t.teardown(() => client.destroy())
  const asked = await ask(client, { origin: 'http://endpoint.invalid:8080' })
  const credentials = `Basic ${Buffer.from('alice:p@ss').toString('base64')}`
  const target = 'http://endpoint.invalid:8080'
  t.same(asked, [200, JSON.stringify([`${target}/a?b=c`, 'endpoint.invalid:8080', credentials])])
  await t.rejects(ask(client, { origin: target, path: '@evil.example/' }), { name: 'TypeError' })
})

void test('a proxy with TLS', async (t) => {
  const { proxy, caFile } = await startEcho(t)
  const front = createTlsServer(
    { SNICallback: (host, callback) => callback(null, authority.secureContext(host)) },
    (socket) => {
      const { port } = new URL(proxy.url)
      socket.on('error', () => undefined)
      socket.pipe(connectTcp(Number(port), '127.0.0.1').on('error', () => undefined)).pipe(socket)
    },
  )
  const port = await listenTcp(t, front)
  const trusting = createOneShotClient({
    environment: { HTTPS_PROXY: `https://localhost:${port}`, SSL_CERT_FILE: caFile },
  })
  t.teardown(() => trusting.destroy())
  t.equal((await ask(trusting))[0], 200)
  t.equal((await ask(trusting))[0], 200)
  t.equal(proxy.requests.length, 1)
  const strange = createOneShotClient({ environment: { HTTPS_PROXY: `https://localhost:${port}` } })
  t.teardown(() => strange.destroy())
  await t.rejects(ask(strange), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  t.equal(proxy.requests.length, 1)
})

void test('a SOCKS proxy is used through undici', async (t) => {
  const greetings: Buffer[] = []
  const proxy = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (piece) => {
      greetings.push(piece)
      socket.destroy()
    })
  })
  const client = createOneShotClient({
    environment: { HTTPS_PROXY: `socks5://127.0.0.1:${await listenTcp(t, proxy)}` },
  })
  t.teardown(() => client.destroy())
  client.open?.(ORIGIN)
  await t.rejects(ask(client))
  t.same(
    greetings.map((bytes) => bytes[0]),
    [SOCKS_VERSION],
  )
})
