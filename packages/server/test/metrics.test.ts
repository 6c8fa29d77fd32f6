import { reasons } from '@aws-iam-authenticator/core'
import { test } from 'tap'
import { parseExposition } from '../../../test/e2e/harness/exposition.ts'
import { createMetrics, type Metrics } from '../src/metrics.ts'

const PREFIX = 'aws_iam_authenticator_'
const now = new Date('2025-03-04T05:06:07Z')

/** The values of a metric by its labels, those of a histogram by its count. */
async function valuesOf({ registry }: Metrics, name: string): Promise<Readonly<Record<string, number>>> {
  const family = parseExposition(await registry.metrics()).get(PREFIX + name)
  const samples =
    family?.samples.filter((sample) => family.type !== 'histogram' || sample.name.endsWith('_count')) ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [[...labels.values()].join(), value]))
}

void test('all reasons are there before they come up', async (t) => {
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

void test('calls of STS by region', async (t) => {
  const { sts, ...metrics } = createMetrics(() => now)
  sts.answered('eu-central-1', 200)
  sts.answered('eu-central-1', 400)
  sts.throttled('eu-central-1')
  sts.connectionFailed('us-east-1')
  t.same(await valuesOf({ sts, ...metrics }, 'sts_responses_total'), { '200,eu-central-1': 1, '400,eu-central-1': 1 })
  t.same(await valuesOf({ sts, ...metrics }, 'sts_throttling_total'), { 'eu-central-1': 1 })
  t.same(await valuesOf({ sts, ...metrics }, 'sts_connection_failures_total'), { 'us-east-1': 1 })
})

void test('regions that somebody invents do not fill the memory', async (t) => {
  const metrics = createMetrics(() => now)
  metrics.sts.answered('us-east-1', 200)
  for (let number = 0; number < 1000; number += 1) metrics.sts.connectionFailed(`us-east-${number}`)
  metrics.sts.connectionFailed('us-east-1')
  const values = await valuesOf(metrics, 'sts_connection_failures_total')
  t.ok(Object.keys(values).length < 50, `${Object.keys(values).length} series`)
  t.equal(values['us-east-1'], 2, 'a region that has answered keeps its own')
  t.equal(
    Object.values(values).reduce((sum, value) => sum + value, 0),
    1001,
    'none is lost',
  )
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

void test('how long a dynamic file took, where it says when it was made', async (t) => {
  const metrics = createMetrics(() => now)
  const seconds = now.getTime() / 1000
  metrics.dynamicallyReloaded('dynamic_file', seconds - 2)
  metrics.dynamicallyReloaded('dynamic_file', seconds)
  metrics.dynamicallyReloaded('dynamic_file', seconds + 60)
  metrics.dynamicallyReloaded('dynamic_file', null)
  metrics.dynamicallyReloaded('dynamic_backend_mode', seconds - 30)
  t.same(await valuesOf(metrics, 'dynamic_e2e_latency_seconds'), { dynamic_file: 2, dynamic_backend_mode: 1 })
})

void test('which backends are in force', async (t) => {
  const metrics = createMetrics(() => now)
  const gauges = async (): Promise<readonly unknown[]> => [
    (await valuesOf(metrics, 'dynamic_file_enabled'))[''],
    (await valuesOf(metrics, 'dynamic_file_only'))[''],
  ]
  t.same(await gauges(), [0, 0])
  metrics.backendsReplaced(['DynamicFile'])
  t.same(await gauges(), [1, 1])
  metrics.backendsReplaced(['MountedFile', 'DynamicFile'])
  t.same(await gauges(), [1, 0])
  metrics.backendsReplaced(['MountedFile'])
  t.same(await gauges(), [0, 0])
})
