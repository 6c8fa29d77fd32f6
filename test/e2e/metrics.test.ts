import t, { type Test } from 'tap'
import { parseExposition, type Family } from './harness/exposition.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'

const PREFIX = 'aws_iam_authenticator_'

async function scrape(server: TestServer): Promise<ReadonlyMap<string, Family>> {
  const answer = await server.request({ path: '/metrics' })
  if (answer.status !== 200) throw new Error(`status ${answer.status}`)
  return parseExposition(answer.text)
}

async function start(t: Test): Promise<TestServer> {
  const aws = await startAws(t)
  return startTestServer(t, { aws, configuration: USER_CONFIGURATION })
}

t.test('the metrics are in the text format of Prometheus', async (t) => {
  const server = await start(t)
  await server.review(userToken())
  await server.review('rubbish')
  const answer = await server.request({ path: '/metrics' })
  t.equal(answer.status, 200)
  t.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  const families = parseExposition(answer.text)
  for (const [name, { type, help }] of families) {
    t.ok(help.length > 0, `${name} has a help text`)
    t.match(type, /^(?:counter|gauge|histogram|summary)$/, name)
    if (type === 'counter') t.match(name, /_total$/, `${name} is named as counters are`)
  }
})

t.test('the metrics that dashboards use exist, with their labels', async (t) => {
  const server = await start(t)
  await server.review(userToken())
  await server.review('rubbish')
  const families = await scrape(server)
  const expected = {
    authenticate_latency_seconds: ['histogram', ['result']],
    sts_connection_failures_total: ['counter', ['StsRegion']],
    sts_throttling_total: ['counter', ['StsRegion']],
    sts_responses_total: ['counter', ['ResponseCode', 'StsRegion']],
    configmap_watch_failures_total: ['counter', []],
    ec2_describe_instances_calls_total: ['counter', []],
    dynamicfile_failures_total: ['counter', []],
    dynamic_e2e_latency_seconds: ['histogram', ['type']],
    dynamic_file_enabled: ['gauge', []],
    dynamic_file_only: ['gauge', []],
    refusals_total: ['counter', ['reason']],
    mapping_errors: ['gauge', ['source']],
  } as const
  for (const [name, [type, labels]] of Object.entries(expected)) {
    const family = families.get(PREFIX + name)
    t.equal(family?.type, type, name)
    for (const { labels: found } of family?.samples ?? []) {
      const names = [...found.keys()].filter((label) => label !== 'le').sort()
      t.same(names, [...labels], name)
    }
  }
  const latency = families.get(`${PREFIX}authenticate_latency_seconds`)
  const bounds = latency?.samples.flatMap(({ name, labels }) =>
    name.endsWith('_bucket') && labels.get('result') === 'success' ? [labels.get('le')] : [],
  )
  const defaults = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']
  t.same(bounds, defaults, "Prometheus' default buckets")
})

t.test('a reason exists with 0 before it occurs, so that its rate is known from the start', async (t) => {
  const server = await start(t)
  const family = (await scrape(server)).get(`${PREFIX}refusals_total`)
  const reasons = family?.samples.map(({ labels }) => labels.get('reason'))
  for (const reason of ['malformed_token', 'expired', 'bad_signature', 'unknown_key', 'sts_throttled', 'not_mapped']) {
    t.ok(reasons?.includes(reason), reason)
  }
  t.ok(family?.samples.every(({ value }) => value === 0))
})

t.test('metrics of the process and of the runtime are included', async (t) => {
  const server = await start(t)
  const families = await scrape(server)
  const valueOf = (name: string): number | undefined => families.get(name)?.samples[0]?.value
  t.ok((valueOf('process_cpu_seconds_total') ?? 0) > 0)
  t.ok((valueOf('process_resident_memory_bytes') ?? 0) > 10 * 1024 * 1024)
  t.ok((valueOf('process_open_fds') ?? 0) > 2)
  t.ok((valueOf('process_max_fds') ?? 0) > 2)
  const started = valueOf('process_start_time_seconds') ?? 0
  t.ok(Math.abs(Date.now() / 1000 - started) < 60, `started at ${started}`)
  t.ok((valueOf('nodejs_heap_size_used_bytes') ?? 0) > 0)
  t.ok((valueOf('nodejs_eventloop_lag_seconds') ?? -1) >= 0)
  t.equal(families.get('nodejs_version_info')?.samples.length, 1)
})

t.test('a metric contains no name chosen by a client', async (t) => {
  const server = await start(t)
  const region = 'ap-invented-7'
  await server.review(userToken({ region }))
  await server.review(userToken({ host: `sts.${region}.amazonaws.com.evil.example` }))
  const { text } = await server.request({ path: '/metrics' })
  t.notMatch(text, /evil|X-Amz|AKIA|arn:aws/)
})
