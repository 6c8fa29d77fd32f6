import { access, readFile } from 'node:fs/promises'
import { ProxyAgent, request } from 'undici'
import { test } from 'tap'
import { startSandboxAws } from './sandbox.ts'
import type { Route } from './wire.ts'

const PORTAL: Route = {
  matches: (host) => host === 'portal.sso.eu-central-1.amazonaws.com',
  handle: async ({ path }) => ({ status: 200, headers: {}, body: `portal ${path}` }),
}

void test('one proxy serves all services of the fake AWS, and nothing else', async (t) => {
  const aws = await startSandboxAws({ routes: [PORTAL], proxyCredentials: { user: 'me', password: 'open sesame' } })
  t.teardown(() => aws.close())
  t.strictSame(aws.environment, { HTTPS_PROXY: aws.proxyUrl, SSL_CERT_FILE: aws.caFile })
  t.equal(new URL(aws.proxyUrl).username, 'me')

  const ca = await readFile(aws.environment.SSL_CERT_FILE, 'utf8')
  const dispatcher = new ProxyAgent({ uri: aws.environment.HTTPS_PROXY, requestTls: { ca } })
  t.teardown(() => dispatcher.destroy())
  const { body } = await request('https://portal.sso.eu-central-1.amazonaws.com/token', { dispatcher })
  t.equal(await body.text(), 'portal /token')
  const nobody = await request('https://iam.amazonaws.com/', { dispatcher })
  t.equal(nobody.statusCode, 404)
  await nobody.body.dump()
  for (const url of ['https://example.com/', 'https://sts.amazonaws.com:8443/', 'https://amazonaws.com.example.com/']) {
    await t.rejects(request(url, { dispatcher }), { code: 'UND_ERR_ABORTED' }, url)
  }
  t.match(aws.proxyRequests, [
    { host: 'portal.sso.eu-central-1.amazonaws.com', port: 443, status: 200 },
    { host: 'iam.amazonaws.com', port: 443, status: 200 },
    { host: 'example.com', port: 443, status: 502 },
    { host: 'sts.amazonaws.com', port: 8443, status: 502 },
    { host: 'amazonaws.com.example.com', port: 443, status: 502 },
  ])
})

void test('nothing is left behind', async (t) => {
  const aws = await startSandboxAws()
  await aws.close()
  await t.rejects(access(aws.caFile), { code: 'ENOENT' })
  await t.rejects(request(aws.proxyUrl), { code: 'ECONNREFUSED' })
})
