import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { ProxyAgent, request } from 'undici'
import { type Test, test } from 'tap'
import { startConnectProxy, type ConnectProxy, type ConnectProxyOptions } from './connect-proxy.ts'

const CREDENTIALS = { user: 'some body', password: 'p@ss:word' }

void test('a host that is served', async (t) => {
  const { proxy } = await start(t)
  t.equal(await get(t, proxy.url), 'hello from served.test')
  t.strictSame(proxy.requests, [{ host: 'served.test', port: 80, status: 200 }])
})

void test('a host that is not served', async (t) => {
  const { proxy } = await start(t)
  await t.rejects(get(t, proxy.url, 'http://other.test/'), { code: 'UND_ERR_ABORTED', message: /502/ })
  await t.rejects(get(t, proxy.url, 'http://served.test:81/'), { code: 'UND_ERR_ABORTED', message: /502/ })
  t.match(proxy.requests, [
    { host: 'other.test', port: 80, status: 502 },
    { host: 'served.test', port: 81, status: 502 },
  ])
})

void test('a password', async (t) => {
  const { proxy } = await start(t, CREDENTIALS)
  t.equal(await get(t, proxy.url), 'hello from served.test')
  const wrong = new URL(proxy.url)
  wrong.password = 'wrong'
  await t.rejects(get(t, wrong.href), { message: /407/ })
  await t.rejects(get(t, wrong.origin), { message: /407/ })
  t.strictSame(
    proxy.requests.map(({ status }) => status),
    [200, 407, 407],
  )
})

void test('only CONNECT is supported', async (t) => {
  const { proxy } = await start(t)
  const { statusCode, body } = await request(proxy.url)
  t.equal(statusCode, 405)
  await body.dump()
  const malformed = httpRequest(proxy.url, { method: 'CONNECT', path: 'no-port' }).end()
  t.match(await once(malformed, 'connect'), [{ statusCode: 502 }, Object, Object])
})

async function start(t: Test, credentials?: ConnectProxyOptions['credentials']): Promise<{ proxy: ConnectProxy }> {
  const server = createServer((incoming, response) => {
    response.end(`hello from ${incoming.headers.host}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const target = typeof address === 'object' ? address?.port : undefined
  const proxy = await startConnectProxy({
    route: (host, port) => (host === 'served.test' && port === 80 ? target : undefined),
    ...(credentials === undefined ? {} : { credentials }),
  })
  t.teardown(async () => {
    await proxy.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { proxy }
}

async function get(t: Test, proxyUrl: string, url = 'http://served.test/'): Promise<string> {
  const dispatcher = new ProxyAgent({ uri: proxyUrl, proxyTunnel: true })
  t.teardown(() => dispatcher.destroy())
  const { body } = await request(url, { dispatcher })
  return await body.text()
}
