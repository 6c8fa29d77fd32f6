import { writeFile } from 'node:fs/promises'
import { getToken, type Token } from '@aws-iam-authenticator/client'
import { test, type Test } from 'tap'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '../../../test/sandbox/aws/example-account.ts'
import { startSandboxAws, type SandboxAws, type SandboxAwsOptions } from '../../../test/sandbox/aws/sandbox.ts'
import { createAuthority } from '../../../test/sandbox/tls/authority.ts'
import { createDispatcher } from '../src/network/dispatcher.ts'

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

/** Asks the fake AWS for a role, by the network that this environment describes. */
async function assumeRole(network: Readonly<Record<string, string>>): Promise<Token> {
  const environment = { ...PERSON, ...network }
  return await getToken({
    clusterId: 'k8s.local',
    roleArn: ROLE_ARN,
    environment,
    createDispatcher: ({ caBundle }) => createDispatcher({ environment, caBundle }),
  })
}

void test('through the proxy, with its password, trusting the CA that is named', async (t) => {
  const aws = await start(t, { proxyCredentials: { user: 'alice', password: 'p@ss:w/rd' } })
  await assumeRole({ HTTPS_PROXY: aws.proxyUrl, SSL_CERT_FILE: aws.caFile })
  await assumeRole({ https_proxy: aws.proxyUrl, AWS_CA_BUNDLE: aws.caFile })
  await assumeRole({ HTTPS_PROXY: aws.proxyUrl, NODE_EXTRA_CA_CERTS: aws.caFile, NO_PROXY: 'other.example' })
  const tunnel = { host: HOST, port: 443, status: 200 }
  t.same(aws.proxyRequests, [tunnel, tunnel, tunnel])
  t.same(
    aws.sts.requests.map((request) => [request.host, request.action]),
    Array.from({ length: 3 }, () => [HOST, 'AssumeRole']),
  )
})

void test('a certificate of another authority is refused, before anything is sent', async (t) => {
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
    await t.rejects(assumeRole({ HTTPS_PROXY: aws.proxyUrl, ...environment }), untrusted, JSON.stringify(environment))
  }
  t.same(aws.sts.requests, [])
})

void test('a certificate for another host is refused', async (t) => {
  const aws = await start(t)
  const environment = { SSL_CERT_FILE: aws.caFile }
  const dispatcher = await createDispatcher({ environment })
  t.teardown(() => dispatcher.destroy())
  // The sandbox issues for the server name, and there is none for an address.
  const request = dispatcher.request({ origin: `https://127.0.0.1:${aws.port}`, path: '/', method: 'GET' })
  await t.rejects(request)
  t.same(aws.sts.requests, [])
})

void test('a proxy that refuses', async (t) => {
  const aws = await start(t, { proxyCredentials: { user: 'alice', password: 'hunter2' } })
  const unreachable = { code: 'sts_unreachable', message: /^(?!.*hunter).*407/ }
  const wrong = aws.proxyUrl.replace('hunter2', 'hunter3')
  await t.rejects(assumeRole({ HTTPS_PROXY: wrong, SSL_CERT_FILE: aws.caFile }), unreachable)
  t.same(aws.proxyRequests, [{ host: HOST, port: 443, status: 407 }])
})

void test('NO_PROXY goes past the proxy', async (t) => {
  const aws = await start(t)
  const environment = { HTTPS_PROXY: aws.proxyUrl, SSL_CERT_FILE: aws.caFile, NO_PROXY: 'sts.invalid' }
  const dispatcher = await createDispatcher({ environment })
  t.teardown(() => dispatcher.destroy())
  // RFC 2606 section 2: nobody has that name, so that past the proxy is nowhere.
  await t.rejects(dispatcher.request({ origin: 'https://sts.invalid', path: '/', method: 'GET' }))
  t.same(aws.proxyRequests, [])
  await t.rejects(dispatcher.request({ origin: 'https://sts2.invalid', path: '/', method: 'GET' }))
  t.same(aws.proxyRequests, [{ host: 'sts2.invalid', port: 443, status: 502 }])
})

void test('the trust is read when there is something to connect to', async (t) => {
  const environment = { ...PERSON, AWS_CA_BUNDLE: '/nonexistent/ca.pem' }
  const options = { clusterId: 'k8s.local', environment, createDispatcher: () => createDispatcher({ environment }) }
  await t.resolves(getToken(options))
  await t.rejects(getToken({ ...options, roleArn: ROLE_ARN }), { code: 'file_unreadable', message: /AWS_CA_BUNDLE/ })
})
