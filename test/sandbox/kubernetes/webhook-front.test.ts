import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { binariesRunHere, kubectl } from '../kubectl/kubectl.ts'
import { runBinary } from '../kubectl/run-binary.ts'
import { isRecord } from './api/objects.ts'
import { serverTls, TestClient } from './api/test-client.ts'
import { selfSignedPair } from './certificates.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { WebhookFront, type WebhookFrontOptions } from './webhook-front.ts'
import { startFakeWebhook, type FakeAnswer, type FakeWebhook, type SeenReview } from './webhook/fake-webhook.ts'

const webhookTls = selfSignedPair('aws-iam-authenticator')
const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

/** Accepts `good`, refuses `bad`, and fails for other tokens, in the version of the request. */
function answer({ body }: SeenReview): FakeAnswer {
  const review: unknown = JSON.parse(body)
  if (!isRecord(review) || !isRecord(review.spec)) return { status: 400, body: 'no TokenReview' }
  const { apiVersion, spec } = review
  if (spec.token === 'broken') return { status: 502, body: 'no answer for broken' }
  const user = { username: 'iam-admin', uid: 'aws-iam-authenticator:1:A', groups: ['ops'], extra: { arn: ['arn'] } }
  const { audiences } = spec
  const status = spec.token === 'good' ? { authenticated: true, user, audiences } : { authenticated: false }
  return { status: 200, body: { apiVersion, kind: 'TokenReview', spec, status } }
}

type Setup = { front: WebhookFront; client: TestClient; webhook: FakeWebhook; home: string }

async function setUp(test: Test, options: Partial<WebhookFrontOptions> = {}, http2 = true): Promise<Setup> {
  const webhook = await startFakeWebhook(webhookTls, answer, http2)
  test.teardown(webhook.close)
  const cluster = { server: webhook.url, 'certificate-authority-data': btoa(webhookTls.cert) }
  const home = test.testdir({
    webhook: stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'aws-iam-authenticator', cluster }],
      users: [{ name: 'apiserver', user: {} }],
      contexts: [{ name: 'webhook', context: { cluster: 'aws-iam-authenticator', user: 'apiserver' } }],
      'current-context': 'webhook',
    }),
  })
  const front = await WebhookFront.start({ tls: serverTls, webhookKubeconfig: join(home, 'webhook'), ...options })
  const client = new TestClient(front.url)
  test.teardown(async () => {
    await client.close()
    await front.close()
  })
  return { front, client, webhook, home }
}

for (const version of ['v1', 'v1beta1'] as const) {
  for (const http2 of [true, false]) {
    await t.test(`${version}, HTTP/2: ${http2}`, async (test) => {
      const { front, client, webhook } = await setUp(test, { reviewVersion: version }, http2)
      const { status, body } = await client.ask('POST', whoami, { token: 'good', body: {} })
      test.equal(status, 201)
      test.strictSame(body.status, {
        userInfo: {
          username: 'iam-admin',
          uid: 'aws-iam-authenticator:1:A',
          groups: ['ops', 'system:authenticated'],
          extra: { arn: ['arn'] },
        },
      })
      const [seen] = webhook.seen
      test.match(seen, { method: 'POST', path: '/authenticate?timeout=30s', httpVersion: http2 ? '2.0' : '1.1' })
      test.match(JSON.parse(seen?.body ?? ''), {
        apiVersion: `authentication.k8s.io/${version}`,
        spec: { token: 'good' },
      })
      test.match(front.answers, {
        length: 1,
        0: { status: 200, echoedToken: true, body: { spec: { token: '[token]' } } },
      })
    })
  }
}

await t.test('everything except a token that the webhook accepts is 401', async (test) => {
  const { front, client, webhook } = await setUp(test)
  const unauthorized = { status: 401, body: { kind: 'Status', reason: 'Unauthorized', code: 401 } }
  test.match(await client.ask('GET', '/api', { token: 'bad' }), unauthorized)
  test.match(await client.ask('GET', '/api', { token: 'broken' }), unauthorized)
  test.match(await client.ask('GET', '/api', { token: '' }), unauthorized)
  test.equal(webhook.seen.length, 2)
  await webhook.close()
  test.match(await client.ask('GET', '/api', { token: 'good' }), unauthorized)
  test.match(front.answers, {
    length: 3,
    0: { status: 200, verdict: { kind: 'refused' } },
    1: { status: 502, verdict: { kind: 'error' }, echoedToken: true, body: 'no answer for [token]' },
    2: { status: undefined, verdict: { kind: 'error' } },
  })
  test.match(front.requests, { length: 4, 0: { path: '/api', status: 401, authorization: true } })
})

await t.test('paths', async (test) => {
  const { client } = await setUp(test)
  for (const path of ['/api', '/apis', '/api/v1', '/version', '/api/v1/namespaces/default/pods']) {
    test.equal((await client.ask('GET', path, { token: 'good' })).status, 200, path)
  }
  test.match(await client.ask('GET', '/api/v1/nodes', { token: 'good' }), { status: 404, body: { kind: 'Status' } })
})

await t.test('audiences are requested and checked', async (test) => {
  const { client, webhook } = await setUp(test, { audiences: ['api'] })
  test.match(await client.ask('GET', '/api', { token: 'good' }), { status: 200 })
  test.match(JSON.parse(webhook.seen[0]?.body ?? ''), { spec: { audiences: ['api'] } })
})

await t.test('nothing is cached unless requested', async (test) => {
  const plain = await setUp(test)
  for (let i = 0; i < 2; i++) await plain.client.ask('GET', '/api', { token: 'good' })
  test.equal(plain.webhook.seen.length, 2)
  let now = 0
  const caching = await setUp(test, { cacheClock: () => now })
  const askAll = async (): Promise<void> => {
    for (const token of ['good', 'bad', 'broken']) await caching.client.ask('GET', '/api', { token })
  }
  await askAll()
  await askAll()
  test.equal(caching.webhook.seen.length, 4)
  now = 2 * 60 * 1000
  await askAll()
  test.equal(caching.webhook.seen.length, 7)
})

await t.test('a webhook with a certificate of another authority is not called', async (test) => {
  const other = await startFakeWebhook(selfSignedPair('other'), answer)
  test.teardown(other.close)
  const home = test.testdir({})
  const user = { token: 'unused' }
  await writeKubeconfig(join(home, 'webhook'), { server: other.url, certificateAuthority: webhookTls.cert, user })
  const front = await WebhookFront.start({ tls: serverTls, webhookKubeconfig: join(home, 'webhook') })
  const client = new TestClient(front.url)
  test.match(await client.ask('GET', '/api', { token: 'good' }), { status: 401 })
  test.match(front.answers, { length: 1, 0: { status: undefined, verdict: { kind: 'error' } } })
  test.equal(other.seen.length, 0)
  await client.close()
  await front.close()
})

const skip = binariesRunHere ? false : 'the binaries are for Linux on x86-64'

for (const version of ['1.20', '1.35'] as const) {
  await t.test(`kubectl ${version}`, { skip }, async (test) => {
    const { front, home } = await setUp(test)
    const path = await kubectl(version)
    const env = { HOME: home, KUBECONFIG: join(home, 'config') }
    const logIn = (token: string): Promise<void> =>
      writeKubeconfig(env.KUBECONFIG, { server: front.url, certificateAuthority: serverTls.cert, user: { token } })
    await logIn('good')
    const pods = await runBinary(path, ['get', 'pods'], { env, cwd: home })
    test.match(pods, { code: 0, stderr: 'No resources found in default namespace.\n' })
    if (version === '1.35') {
      const review = await runBinary(path, ['auth', 'whoami', '-o', 'json'], { env, cwd: home })
      test.match(JSON.parse(review.stdout), { status: { userInfo: { username: 'iam-admin' } } })
    }
    await logIn('bad')
    const refused = await runBinary(path, ['get', 'pods'], { env, cwd: home })
    test.match(refused, { code: 1, stderr: /must be logged in|Unauthorized/ })
  })
}
