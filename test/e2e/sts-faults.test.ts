import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { IMPOSTOR, REDIRECT_HOST, type Fault } from '@aws-iam-authenticator/sandbox/aws/faults'
import { startConnectProxy } from '@aws-iam-authenticator/sandbox/proxy/connect-proxy'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { temporaryFolder } from './harness/command.ts'
import { metricsOf, refusals, REGION, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'
import { freePort, startTestServer } from './harness/server.ts'

interface Expected {
  readonly status: number
  readonly reason: string
  /** The status of STS; undefined if the call got no answer. */
  readonly answered: string | undefined
}

const EXPECTED: Readonly<Record<Exclude<Fault, 'hang' | 'resetOnce'>, Expected>> = {
  throttle: { status: 429, reason: 'sts_throttled', answered: '400' },
  throttle503: { status: 429, reason: 'sts_throttled', answered: '503' },
  error500: { status: 502, reason: 'sts_unreachable', answered: '500' },
  reset: { status: 502, reason: 'sts_unreachable', answered: undefined },
  rubbish: { status: 502, reason: 'sts_bad_answer', answered: '200' },
  redirect: { status: 502, reason: 'sts_bad_answer', answered: '302' },
  huge: { status: 502, reason: 'sts_bad_answer', answered: '200' },
  wrongShape: { status: 502, reason: 'sts_bad_answer', answered: '200' },
}

const RESULT: Readonly<Record<string, string>> = { sts_throttled: 'sts_throttling' }

const FAULTS = Object.keys(EXPECTED).filter((name): name is keyof typeof EXPECTED => name in EXPECTED)

t.test('STS failures are an error and not a verdict, and end as soon as STS works again', async (t) => {
  const aws = await startAws(t)
  const forgetful = `${USER_CONFIGURATION}  tokenCacheTTL: 0\n`
  // The old status is only for verdicts.
  const configurations = [forgetful, `${forgetful}  refusalStatus: 403\n`]
  for (const configuration of configurations) {
    for (const fault of FAULTS) {
      // A separate server, because the log does not have a line for each of many refusals at once.
      const server = await startTestServer(t, { aws, configuration })
      const { status, reason, answered } = EXPECTED[fault]
      const token = userToken()
      const before = await metricsOf(server)
      aws.faults.set(fault)
      const answer = await server.review(token)
      aws.faults.clear()
      t.equal(answer.status, status, fault)
      t.equal(answer.headers['retry-after'], status === 429 ? '1' : undefined, `${fault}: Retry-After`)
      t.match(answer.headers['content-type'], /^text\/plain/, `${fault}: nothing that looks like a TokenReview`)
      t.notMatch(answer.text, /authenticated|sts|throttl|amazonaws/i, `${fault}: no reason is told`)

      const [denied, ...more] = await refusals(server, 1)
      t.match(denied, { level: 'warning', msg: 'access denied', reason }, fault)
      t.same(more, [], `${fault}: one line`)
      const words = status === 429 ? 'sts getCallerIdentity was throttled: ' : 'sts getCallerIdentity failed: '
      t.ok(String(denied?.['error']).startsWith(words), `${fault}: ${String(denied?.['error'])}`)

      const after = await metricsOf(server)
      const grown = (name: string, labels: Readonly<Record<string, string>>): number =>
        (after(name, labels) ?? 0) - (before(name, labels) ?? 0)
      t.equal(grown('refusals_total', { reason }), 1, fault)
      t.equal(grown('authenticate_latency_seconds_count', { result: RESULT[reason] ?? 'sts_error' }), 1, fault)
      t.equal(grown('sts_throttling_total', { StsRegion: REGION }), status === 429 ? 1 : 0, fault)
      t.equal(grown('sts_connection_failures_total', { StsRegion: REGION }), answered === undefined ? 1 : 0, fault)
      if (answered !== undefined) {
        t.equal(grown('sts_responses_total', { ResponseCode: answered, StsRegion: REGION }), 1, fault)
      }
      t.equal(verdict(await server.review(token)), true, `${fault}: the next login passes`)
      t.notOk(server.output().includes(IMPOSTOR.Account), 'no word of an answer that is not believed')
      t.notOk(server.output().includes('X-Amz-Signature'))
      await server.stop()
    }
  }
  t.same(
    aws.sts.requests.filter(({ host }) => host === REDIRECT_HOST),
    [],
    'the redirect is not followed',
  )
  const calls = configurations.length * (FAULTS.length * 2 + 1)
  t.equal(aws.sts.requests.length, calls, 'one call for each login, and one more for a connection that is reset')
})

t.test('a hanging STS is given up after 10 s, and delays no other host', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const [hanging, well] = ['eu-west-1', 'eu-west-2']
  aws.faults.set('hang', `sts.${hanging}.amazonaws.com`)
  const startedAt = performance.now()
  const slow = server.review(userToken({ region: hanging }))
  t.equal(verdict(await server.review(userToken({ region: well }))), true)
  t.equal((await server.request({ path: '/healthz' })).text, 'ok')
  const answer = await slow
  const seconds = (performance.now() - startedAt) / 1000
  t.ok(seconds > 9.5 && seconds < 11.5, `${seconds.toFixed(1)} s`)
  t.equal(answer.status, 502)
  t.match(await refusals(server, 1), [{ reason: 'sts_unreachable', error: /no answer within 10 s/ }])
  const metrics = await metricsOf(server)
  t.equal(metrics('sts_connection_failures_total', { StsRegion: hanging }), 1)
  t.equal(metrics('refusals_total', { reason: 'sts_unreachable' }), 1)
  aws.faults.clear()
  t.equal(verdict(await server.review(userToken({ region: hanging }))), true)
})

t.test('an STS with a wrong certificate is not called', async (t) => {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  const authority = createAuthority()
  const caFile = join(folder, 'other-ca.pem')
  writeFileSync(caFile, authority.pem)
  const asked: string[] = []
  const other = createServer(
    { SNICallback: (_host, callback) => callback(null, authority.secureContext('sts.example.org')) },
    (request, response) => {
      asked.push(request.url ?? '')
      response.end()
    },
  )
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => {
    other.closeAllConnections()
    other.close()
  })
  const address = other.address()
  const otherPort = typeof address === 'object' && address !== null ? address.port : 0
  const proxy = await startConnectProxy({ route: () => otherPort })
  t.teardown(() => proxy.close())
  const cases = {
    'an authority that is not trusted': { SSL_CERT_FILE: caFile },
    'a certificate for another name': { SSL_CERT_FILE: caFile, HTTPS_PROXY: proxy.url },
  }
  for (const [name, environment] of Object.entries(cases)) {
    const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, environment })
    const answer = await server.review(userToken())
    t.equal(answer.status, 502, name)
    t.match(
      await refusals(server, 1),
      [{ reason: 'sts_unreachable', error: /\b[A-Z_]*(?:CERT|SIGNATURE)[A-Z_]*\b/ }],
      name,
    )
    const metrics = await metricsOf(server)
    t.equal(metrics('sts_connection_failures_total', { StsRegion: REGION }), 1, name)
  }
  t.same([...aws.sts.requests, ...asked], [], 'the token was not sent')
})

t.test('a proxy that refuses, requires a password or is gone is an error and not a verdict', async (t) => {
  const aws = await startAws(t)
  const proxies = [
    await startConnectProxy({ route: () => undefined }),
    await startConnectProxy({ route: () => aws.port, credentials: { user: 'squid', password: 'proxy-secret' } }),
  ]
  for (const proxy of proxies) t.teardown(() => proxy.close())
  const [refusing, locked] = proxies
  const wrongPassword = new URL(locked?.url ?? '')
  wrongPassword.password = 'mistyped-secret'
  const urls = [
    ['refuses', refusing?.url ?? '', /\bproxy\b.*\b502\b/i],
    ['wants another password', wrongPassword.href, /\bproxy\b.*\b407\b/i],
    ['is away', `http://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ] as const
  for (const [name, url, error] of urls) {
    const environment = { HTTPS_PROXY: url }
    const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, environment })
    t.equal((await server.review(userToken())).status, 502, name)
    t.match(await refusals(server, 1), [{ reason: 'sts_unreachable', error }], name)
    const metrics = await metricsOf(server)
    t.equal(metrics('sts_connection_failures_total', { StsRegion: REGION }), 1, name)
    t.notMatch(server.output(), /secret/, name)
  }
  t.same(aws.sts.requests, [])
})
