import t from 'tap'
import { refusedTokens } from './harness/refused-tokens.ts'
import { metricsOf, refusals, REGION, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'
import { startTestServer } from './harness/server.ts'

const V1 = 'authentication.k8s.io/v1'
const RESULT: Readonly<Record<string, string>> = {
  bad_signature: 'sts_error',
  unknown_key: 'sts_error',
  not_mapped: 'uknown_user',
}

t.test('a refusal by STS or the server is a verdict, with the reason only in log and metrics', async (t) => {
  const aws = await startAws(t)
  for (const [name, token, reason, asked] of refusedTokens(aws)) {
    // A separate server, because the log does not have a line for each of many refusals at once.
    const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
    const before = await metricsOf(server)
    const askedBefore = aws.sts.requests.length
    for (const apiVersion of ['authentication.k8s.io/v1beta1', V1]) {
      const answer = await server.review(token, apiVersion)
      t.equal(answer.status, 200, name)
      t.equal(answer.headers['content-type'], 'application/json; charset=UTF-8', name)
      const status = { authenticated: false, user: {} }
      t.same(answer.json, { apiVersion, kind: 'TokenReview', metadata: {}, spec: {}, status }, name)
    }
    const denied = await refusals(server, 2)
    t.match(denied, [{ reason }, { reason }], name)
    if (reason === 'bad_signature') {
      t.match(
        denied,
        [{ error: /another cluster/ }, {}],
        'the log says that a token for another cluster looks like this',
      )
    }
    t.equal(aws.sts.requests.length - askedBefore, asked ? 1 : 0, `${name}: what STS says is remembered`)
    const after = await metricsOf(server)
    const labels = { reason }
    t.equal((after('refusals_total', labels) ?? 0) - (before('refusals_total', labels) ?? 0), 2, name)
    const result = RESULT[reason] ?? (reason === 'expired' ? undefined : 'invalid_token')
    if (result !== undefined) {
      const count = 'authenticate_latency_seconds_count'
      t.equal((after(count, { result }) ?? 0) - (before(count, { result }) ?? 0), 2, name)
    }
    t.notOk(server.output().includes(token.slice(-50)), `${name}: no part of the token is logged`)
    const refusedBySts = asked && reason !== 'not_mapped'
    t.equal(
      after('sts_responses_total', { ResponseCode: '403', StsRegion: REGION }),
      refusedBySts ? 1 : undefined,
      name,
    )
    t.equal(after('sts_connection_failures_total', { StsRegion: REGION }), undefined, name)
    t.equal(verdict(await server.review(userToken())), true, `${name}: others pass`)
    await server.stop()
  }
})

t.test('refusalStatus 403 restores the status and the body of older releases', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: `${USER_CONFIGURATION}  refusalStatus: 403\n` })
  for (const [name, token, reason] of refusedTokens(aws)) {
    for (const apiVersion of ['authentication.k8s.io/v1beta1', V1]) {
      const answer = await server.review(token, apiVersion)
      t.equal(answer.status, 403, name)
      t.equal(answer.headers['content-type'], 'application/json; charset=UTF-8', name)
      t.equal(answer.text, '{"metadata":{},"spec":{},"status":{"user":{}}}', name)
    }
    t.ok(((await metricsOf(server))('refusals_total', { reason }) ?? 0) >= 2, name)
  }
  t.equal(verdict(await server.review(userToken())), true, 'who is let in gets 200')
})

t.test('the label StsRegion is global for the global endpoint', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  t.equal(verdict(await server.review(userToken({ host: 'sts.amazonaws.com' }))), true)
  const metrics = await metricsOf(server)
  t.equal(metrics('sts_responses_total', { ResponseCode: '200', StsRegion: 'global' }), 1)
  t.equal(metrics('authenticate_latency_seconds_count', { result: 'success' }), 1)
  t.equal(metrics('sts_responses_total', { ResponseCode: '200', StsRegion: REGION }), undefined)
})
