import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test, type Test } from 'tap'
import { http1, http2, type WireAnswer, type WireClient } from '../../../../test/e2e/harness/wire.ts'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import type { Authenticate } from '../../src/login/authenticate.ts'
import type { OnDecision } from '../../src/login/decision.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { createRefusalLog } from '../../src/log/bounded-refusals.ts'
import { createWebhook, type Webhook, type WebhookOptions } from '../../src/http/webhook.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

const pair = selfSignedPair('localhost')
const USER = { username: 'alice', uid: '1' }

interface Running {
  readonly webhook: Webhook
  readonly port: number
  readonly lines: readonly RecordedLine[]
  readonly clients: readonly WireClient[]
}

async function start(t: Test, authenticate: Authenticate, options: Partial<WebhookOptions> = {}): Promise<Running> {
  const { log, lines } = recordedLog()
  const webhook = createWebhook({
    pair: { certificatePem: pair.cert, keyPem: pair.key },
    authenticate,
    metrics: createMetrics(() => new Date()),
    log,
    logRefusal: createRefusalLog(log, () => 0),
    onDecision: () => undefined,
    refusalStatus: 200,
    checks: { live: () => [], ready: () => [] },
    onHandshakeFailed: () => undefined,
    status: () => '{}',
    ...options,
  })
  const port = await webhook.listen('127.0.0.1', 0)
  t.teardown(() => webhook.close())
  const clients = [http1, http2].map((speak) => speak({ port, certificate: pair.cert }))
  for (const client of clients) t.teardown(() => client.close())
  return { webhook, port, lines, clients }
}

const grant: Authenticate = () => Promise.resolve({ user: USER, isKept: false, audiences: [] })

function review(client: WireClient, token = 'x'): Promise<WireAnswer> {
  return client.send({ body: JSON.stringify({ spec: { token } }) })
}

void test('a TokenReview is answered by a TokenReview, with the origin of the request', async (t) => {
  const seen: unknown[] = []
  const { clients } = await start(t, (asked, origin, address) => {
    seen.push(asked.token, origin, address)
    return grant(asked, origin, address)
  })
  for (const client of clients) {
    const answer = await review(client, 'abc')
    t.equal(answer.status, 200)
    t.match(JSON.parse(answer.text), { kind: 'TokenReview', status: { authenticated: true, user: USER } })
  }
  const origin = { path: '/authenticate', method: 'POST', client: /^127\.0\.0\.1:\d+$/ }
  t.match(seen, ['abc', origin, '127.0.0.1', 'abc', origin, '127.0.0.1'])
})

void test('a remembered user is answered the same, in the requested version and audiences', async (t) => {
  const { clients } = await start(t, ({ audiences }) => Promise.resolve({ user: USER, isKept: true, audiences }))
  const [client] = clients
  for (const version of ['v1', 'v1', 'v1beta1', 'v1beta1', 'v1']) {
    for (const audiences of [[], ['a'], [], ['b']]) {
      const apiVersion = `authentication.k8s.io/${version}`
      const answer = await client?.send({ body: JSON.stringify({ apiVersion, spec: { token: 'x', audiences } }) })
      const status = { authenticated: true, user: USER, ...(audiences.length > 0 ? { audiences } : {}) }
      t.same(JSON.parse(answer?.text ?? ''), { apiVersion, kind: 'TokenReview', metadata: {}, spec: {}, status })
    }
  }
})

const refuse: Authenticate = ({ token }) =>
  Promise.resolve(new Refusal(token === 'busy' ? 'sts_throttled' : 'not_mapped', 'the reason'))

void test('refusals, and bodies that are not a TokenReview', async (t) => {
  for (const refusalStatus of [200, 403] as const) {
    const reported: unknown[] = []
    const onDecision: OnDecision = ({ subject, reason }) => reported.push([subject, reason])
    const { clients, lines } = await start(t, refuse, { refusalStatus, onDecision })
    for (const client of clients) {
      t.equal((await review(client)).status, refusalStatus)
      t.match(await review(client, 'busy'), { status: 429, headers: { 'retry-after': '1' } })
      t.equal((await client.send({ body: 'no JSON' })).status, 400)
      t.match(await client.send({ method: 'GET' }), { status: 405, headers: { allow: 'POST' } })
      t.equal((await client.send({ path: '/other', body: '{}' })).status, 404)
    }
    t.same(
      lines.map(({ fields }) => fields['reason']),
      ['malformed_request', 'method_not_allowed', 'malformed_request', 'method_not_allowed'],
      'what is decided elsewhere is logged elsewhere',
    )
    const both = [
      ['request', 'malformed_request'],
      ['request', 'method_not_allowed'],
    ]
    t.same(reported, [...both, ...both], 'and reported elsewhere')
  }
})

void test('a body that is too long is rejected', async (t) => {
  const { clients, lines } = await start(t, grant)
  const [client] = clients
  const longest = await client?.send({ body: '{"spec":{"token":"x"}}'.padEnd(1024 * 1024) })
  t.equal(longest?.status, 200, 'the longest that is accepted')
  const outcome = await client
    ?.send({ body: 'x'.repeat(1024 * 1024 + 1) })
    .catch((error: NodeJS.ErrnoException) => error.code)
  t.equal(typeof outcome === 'object' ? outcome.status : 413, 413)
  t.match(lines, [{ level: 'warn', fields: { reason: 'malformed_request', error: /longer than 1048576 bytes/ } }])
})

void test('a bug of the server is an error, not a verdict, and quotes nothing', async (t) => {
  const { clients, lines } = await start(t, () => Promise.reject(new Error('secret')))
  for (const client of clients) {
    const answer = await review(client)
    t.equal(answer.status, 500)
    t.notMatch(answer.text, /secret|authenticated/)
  }
  t.equal(lines.length, 2)
  t.match(lines[0], { level: 'error', fields: { error: 'unknown' } })
  t.notMatch(JSON.stringify(lines), /secret/)
})

void test('health and metrics', async (t) => {
  const { clients } = await start(t, grant)
  for (const client of clients) {
    t.match(await client.send({ method: 'GET', path: '/healthz' }), { status: 200, text: 'ok' })
    const metrics = await client.send({ method: 'GET', path: '/metrics' })
    t.match(metrics.text, /^process_cpu_seconds_total \d/m)
  }
})

void test('a port in use is an error of this product', async (t) => {
  const { port } = await start(t, grant)
  const { log } = recordedLog()
  const second = createWebhook({
    pair: { certificatePem: pair.cert, keyPem: pair.key },
    authenticate: grant,
    metrics: createMetrics(() => new Date()),
    log,
    logRefusal: createRefusalLog(log, () => 0),
    onDecision: () => undefined,
    refusalStatus: 200,
    checks: { live: () => [], ready: () => [] },
    onHandshakeFailed: () => undefined,
    status: () => '{}',
  })
  await t.rejects(second.listen('127.0.0.1', port), { name: 'AuthenticatorError', message: new RegExp(String(port)) })
})

void test('closing answers requests in flight, and cuts idle connections', async (t) => {
  const arrivals = new EventEmitter()
  const { webhook, port, clients } = await start(t, async (asked, origin, address) => {
    arrivals.emit(asked.token)
    await once(arrivals, 'go on')
    return grant(asked, origin, address)
  })
  const silent = connect(port, '127.0.0.1')
  silent.on('error', () => undefined)
  await once(silent, 'connect')
  const arrived = clients.map((_, index) => once(arrivals, String(index)))
  const answers = clients.map((client, index) => review(client, String(index)))
  await Promise.all(arrived)
  const closed = webhook.close()
  const cut = once(silent, 'close')
  arrivals.emit('go on')
  for (const answer of await Promise.all(answers)) t.equal(answer.status, 200)
  await Promise.all([closed, cut])
  const refused = connect(port, '127.0.0.1')
  t.match(await once(refused, 'error'), [{ code: 'ECONNREFUSED' }])
})
