import { writeFile } from 'node:fs/promises'
import { getToken, type Token } from '../src/token.ts'
import type { HttpClient } from '@aws-iam-authenticator/network/http-client'
import { test, type Test } from 'tap'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws, type SandboxAwsOptions } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { createDispatcher, type DispatcherOptions } from '@aws-iam-authenticator/network/connect/dispatcher'
import { createOneShotClient } from '@aws-iam-authenticator/network/connect/one-shot-client'

const HOST = 'sts.eu-west-1.amazonaws.com'
const PERSON = {
  HOME: '/nonexistent',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: USER_KEY_ID,
  AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
}

async function start(t: Pick<Test, 'teardown'>, options: SandboxAwsOptions = {}): Promise<SandboxAws> {
  const aws = await startSandboxAws({ identities, roles, ...options })
  t.teardown(() => aws.close())
  return aws
}

type Create = (options: DispatcherOptions) => Promise<HttpClient>

/** The clients of a long-running process (undici) and of a one-shot command. Both use the same settings. */
const CLIENTS: readonly (readonly [name: string, create: Create])[] = [
  ['undici', createDispatcher],
  ['one-shot client', async (options) => createOneShotClient(options)],
]

/** Assumes a role of the fake AWS, through the network that this environment describes. */
async function assumeRole(create: Create, network: Readonly<Record<string, string>>): Promise<Token> {
  const environment = { ...PERSON, ...network }
  return await getToken({
    clusterId: 'k8s.local',
    roleArn: ROLE_ARN,
    environment,
    createHttpClient: ({ caBundle }) => create({ environment, caBundle }),
  })
}

function get(origin: string): Parameters<HttpClient['request']>[0] {
  return { origin, path: '/', method: 'GET', headers: {}, body: null, signal: AbortSignal.timeout(8000) }
}

for (const [name, create] of CLIENTS) {
  void test(`${name}: the proxy with its password, and trust in the configured CA`, async (t) => {
    const aws = await start(t, { proxyCredentials: { user: 'alice', password: 'p@ss:w/rd' } })
    await assumeRole(create, { HTTPS_PROXY: aws.proxyUrl, SSL_CERT_FILE: aws.caFile })
    await assumeRole(create, { https_proxy: aws.proxyUrl, AWS_CA_BUNDLE: aws.caFile })
    await assumeRole(create, {
      HTTPS_PROXY: aws.proxyUrl,
      NODE_EXTRA_CA_CERTS: aws.caFile,
      NO_PROXY: 'other.example',
    })
    const tunnel = { host: HOST, port: 443, status: 200 }
    t.same(aws.proxyRequests, [tunnel, tunnel, tunnel])
    t.same(
      aws.sts.requests.map((request) => [request.host, request.action]),
      Array.from({ length: 3 }, () => [HOST, 'AssumeRole']),
    )
  })

  void test(`${name}: a certificate of another authority is rejected before anything is sent`, async (t) => {
    const aws = await start(t)
    const other = `${aws.caFile}.other`
    await writeFile(other, createAuthority().pem)
    const untrusted = { code: 'untrusted_certificate', message: new RegExp(HOST) }
    const environments = [
      { SSL_CERT_FILE: other },
      { SSL_CERT_FILE: aws.caFile, AWS_CA_BUNDLE: other },
      { AWS_CA_BUNDLE: other, NODE_EXTRA_CA_CERTS: other },
      {},
    ]
    for (const environment of environments) {
      const refused = assumeRole(create, { HTTPS_PROXY: aws.proxyUrl, ...environment })
      await t.rejects(refused, untrusted, JSON.stringify(environment))
    }
    t.same(aws.sts.requests, [])
  })

  void test(`${name}: a certificate for another host is rejected`, async (t) => {
    const aws = await start(t)
    const client = await create({ environment: { SSL_CERT_FILE: aws.caFile } })
    t.teardown(() => client.destroy())
    // The sandbox issues certificates for the server name, and an address has none.
    await t.rejects(client.request(get(`https://127.0.0.1:${aws.port}`)))
    t.same(aws.sts.requests, [])
  })

  void test(`${name}: a proxy that refuses`, async (t) => {
    const aws = await start(t, { proxyCredentials: { user: 'alice', password: 'hunter2' } })
    const cause = { name: 'ProxyRefusal', statusCode: 407 }
    const unreachable = { code: 'sts_unreachable', message: /^(?!.*hunter).*the proxy answered 407/, cause }
    const wrong = aws.proxyUrl.replace('hunter2', 'hunter3')
    await t.rejects(assumeRole(create, { HTTPS_PROXY: wrong, SSL_CERT_FILE: aws.caFile }), unreachable)
    t.same(aws.proxyRequests, [{ host: HOST, port: 443, status: 407 }])
  })

  void test(`${name}: NO_PROXY skips the proxy`, async (t) => {
    const aws = await start(t)
    const environment = { HTTPS_PROXY: aws.proxyUrl, SSL_CERT_FILE: aws.caFile, NO_PROXY: 'sts.invalid' }
    const client = await create({ environment })
    t.teardown(() => client.destroy())
    // RFC 2606 section 2: this name never exists, so a direct connection fails.
    await t.rejects(client.request(get('https://sts.invalid')))
    t.same(aws.proxyRequests, [])
    await t.rejects(client.request(get('https://sts2.invalid')))
    t.same(aws.proxyRequests, [{ host: 'sts2.invalid', port: 443, status: 502 }])
  })

  void test(`${name}: certificates are read only when a connection is made`, async (t) => {
    const environment = { ...PERSON, AWS_CA_BUNDLE: '/nonexistent/ca.pem' }
    const options = { clusterId: 'k8s.local', environment, createHttpClient: () => create({ environment }) }
    await t.resolves(getToken(options))
    await t.rejects(getToken({ ...options, roleArn: ROLE_ARN }), { code: 'file_unreadable', message: /AWS_CA_BUNDLE/ })
  })
}
