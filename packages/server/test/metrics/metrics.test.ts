import { BACKEND_MODES } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import { reasons, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { parseExposition } from '../../../../test/e2e/harness/exposition.ts'
import { dynamicFile } from '../../src/backends/dynamic-file.ts'
import { createLabelValues, OTHER } from '../../src/util/label-values.ts'
import { createMetrics, MAX_SOURCE_LABELS, type Metrics } from '../../src/metrics/metrics.ts'
import { HANDSHAKE_CAUSES } from '../../src/tls/handshake-causes.ts'
import { MAX_REGION_LABELS, STATUS_LABELS } from '../../src/metrics/sts-metrics.ts'
import { createOperationsMetrics } from '../../src/metrics/operations-metrics.ts'

const PREFIX = 'aws_iam_authenticator_'
const now = new Date('2025-03-04T05:06:07Z')

/** The values of a metric by its labels, or the counts of a histogram. */
async function valuesOf({ registry }: Metrics, name: string): Promise<Readonly<Record<string, number>>> {
  const family = parseExposition(await registry.metrics()).get(PREFIX + name)
  const samples =
    family?.samples.filter((sample) => family.type !== 'histogram' || sample.name.endsWith('_count')) ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [[...labels.values()].join(), value]))
}

void test('all reasons exist before they occur', async (t) => {
  const metrics = createMetrics(() => now)
  t.same(await valuesOf(metrics, 'refusals_total'), Object.fromEntries(Object.keys(reasons).map((code) => [code, 0])))
})

void test('decisions', async (t) => {
  const metrics = createMetrics(() => now)
  metrics.decided(null, 0.2)
  metrics.decided('not_mapped', 0.2)
  metrics.decided('sts_throttled', 0.2)
  metrics.decided('malformed_token', 0.2)
  t.same(await valuesOf(metrics, 'authenticate_latency_seconds'), {
    success: 1,
    uknown_user: 1,
    sts_throttling: 1,
    invalid_token: 1,
  })
  t.match(await valuesOf(metrics, 'refusals_total'), {
    not_mapped: 1,
    sts_throttled: 1,
    malformed_token: 1,
    expired: 0,
  })
})

void test('STS calls by region', async (t) => {
  const { sts, ...metrics } = createMetrics(() => now)
  sts.answered('eu-central-1', 200)
  sts.answered('eu-central-1', 400)
  sts.throttled('eu-central-1')
  sts.connectionFailed('us-east-1')
  t.same(await valuesOf({ sts, ...metrics }, 'sts_responses_total'), { '200,eu-central-1': 1, '400,eu-central-1': 1 })
  t.same(await valuesOf({ sts, ...metrics }, 'sts_throttling_total'), { 'eu-central-1': 1 })
  t.same(await valuesOf({ sts, ...metrics }, 'sts_connection_failures_total'), { 'us-east-1': 1 })
})

void test('a region has its own label if AWS publishes it, or after a login was granted through it', async (t) => {
  const metrics = createMetrics(() => now)
  const { sts } = metrics
  const note = (region: string): void => {
    sts.answered(region, 200)
    sts.answered(region, 403)
    sts.connectionFailed(region)
    sts.throttled(region)
    sts.retried(region)
  }
  for (const region of ['global', 'us-east-1', 'cn-north-1', 'us-new-1', 'us-nowhere-1']) note(region)
  metrics.regionProven('us-new-1')
  note('us-new-1')
  const counts = { global: 1, 'us-east-1': 1, 'cn-north-1': 1, 'us-new-1': 1, other: 2 }
  for (const name of ['sts_connection_failures_total', 'sts_throttling_total', 'sts_retries_total']) {
    t.same(await valuesOf(metrics, name), counts, name)
  }
  const byStatus = ['200', '403'].flatMap((status) =>
    Object.entries(counts).map(([region, count]) => [`${status},${region}`, count]),
  )
  t.same(await valuesOf(metrics, 'sts_responses_total'), Object.fromEntries(byStatus))
})

/** The largest number of time series of each metric with labels. */
const MAX_SERIES: Readonly<Record<string, number>> = {
  authenticate_latency_seconds: new Set(Object.values(reasons).map(({ result }) => result)).size + 1,
  refusals_total: Object.keys(reasons).length,
  sts_connection_failures_total: MAX_REGION_LABELS + 1,
  sts_throttling_total: MAX_REGION_LABELS + 1,
  sts_retries_total: MAX_REGION_LABELS + 1,
  sts_responses_total: (MAX_REGION_LABELS + 1) * (STATUS_LABELS.length + 1),
  mapping_errors: MAX_SOURCE_LABELS + 1,
  dynamic_e2e_latency_seconds: 2,
  backend_synced: BACKEND_MODES.length,
  build_info: 1,
  tls_handshake_failures_total: HANDSHAKE_CAUSES.length,
}

/** The number of time series by metric, for metrics with labels. */
function seriesOf(text: string): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const [name, { type, samples }] of parseExposition(text)) {
    const series = samples.filter((sample) => type !== 'histogram' || sample.name.endsWith('_count'))
    if (!name.startsWith(PREFIX) || series.every(({ labels }) => labels.size === 0)) continue
    counts.set(name.slice(PREFIX.length), series.length)
  }
  return Object.fromEntries(counts)
}

void test('no metric has more time series than its limit, whatever its labels', async (t) => {
  const metrics = createMetrics(() => now)
  const snapshots = BACKEND_MODES.map((mode) => ({ mode, index: null, fault: null }))
  createOperationsMetrics(metrics.registry, { version: '1', commit: 'a' }, () => snapshots)
  const all = Object.keys(reasons).filter((reason): reason is ReasonCode => reason in reasons)
  for (const reason of [null, ...all]) metrics.decided(reason, 0.1)
  for (const type of ['dynamic_file', 'dynamic_backend_mode'] as const) metrics.dynamicallyReloaded(type, 0)
  const regions = ['global', ...publishedRegions, ...Array.from({ length: 200 }, (_, n) => `us-nowhere-${n}`)]
  for (const [number, region] of regions.entries()) {
    metrics.regionProven(region)
    metrics.mappingProblems(`file-${number}`, 1)
    for (let status = 100; status < 1_000; status += 1) metrics.sts.answered(region, status)
    metrics.sts.throttled(region)
    metrics.sts.connectionFailed(region)
    metrics.sts.retried(region)
  }
  t.same(seriesOf(await metrics.registry.metrics()), MAX_SERIES)
})

void test('the limit leaves room for new AWS regions', (t) => {
  t.ok(publishedRegions.size + 1 + 8 <= MAX_REGION_LABELS, `${publishedRegions.size} regions are published`)
  t.end()
})

void test('a label has distinct values up to its limit', (t) => {
  const label = createLabelValues(3, ['a'])
  t.same(['a', 'b'].map(label.of), ['a', OTHER])
  for (const value of ['b', 'b', 'a', 'c', 'd']) label.admit(value)
  t.same(['a', 'b', 'c', 'd', ''].map(label.of), ['a', 'b', 'c', OTHER, OTHER])
  t.end()
})

void test('sources of mappings', async (t) => {
  const metrics = createMetrics(() => now)
  metrics.configMapWatchFailed()
  metrics.ec2DescribeInstancesCalled()
  metrics.dynamicFileFailed()
  metrics.mappingProblems('kube-system/aws-auth', 3)
  metrics.mappingProblems('kube-system/aws-auth', 1)
  for (const name of ['configmap_watch_failures', 'ec2_describe_instances_calls', 'dynamicfile_failures']) {
    t.same(await valuesOf(metrics, `${name}_total`), { '': 1 }, name)
  }
  t.same(await valuesOf(metrics, 'mapping_errors'), { 'kube-system/aws-auth': 1 })
})

void test('the latency of a dynamic file, if it has a time', async (t) => {
  const metrics = createMetrics(() => now)
  const seconds = now.getTime() / 1000
  metrics.dynamicallyReloaded('dynamic_file', seconds - 2)
  metrics.dynamicallyReloaded('dynamic_file', seconds)
  metrics.dynamicallyReloaded('dynamic_file', seconds + 60)
  metrics.dynamicallyReloaded('dynamic_file', null)
  metrics.dynamicallyReloaded('dynamic_backend_mode', seconds - 30)
  t.same(await valuesOf(metrics, 'dynamic_e2e_latency_seconds'), { dynamic_file: 2, dynamic_backend_mode: 1 })
})

void test('the active backends', async (t) => {
  const metrics = createMetrics(() => now)
  const gauges = async (): Promise<readonly unknown[]> => [
    (await valuesOf(metrics, 'dynamic_file_enabled'))[''],
    (await valuesOf(metrics, 'dynamic_file_only'))[''],
  ]
  t.same(await gauges(), [0, 0])
  dynamicFile.onListReplaced?.(['DynamicFile'], metrics)
  t.same(await gauges(), [1, 1])
  dynamicFile.onListReplaced?.(['MountedFile', 'DynamicFile'], metrics)
  t.same(await gauges(), [1, 0])
  dynamicFile.onListReplaced?.(['MountedFile'], metrics)
  t.same(await gauges(), [0, 0])
})
