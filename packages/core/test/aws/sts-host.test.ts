import { findPartition, partitions } from '../../src/aws/partition.ts'
import { GLOBAL_STS_HOST, isAllowedStsHost, regionOfStsHost } from '../../src/aws/sts-host.ts'
import { test } from 'tap'

const aws = findPartition('aws') ?? partitions[0]
if (aws === undefined) throw new TypeError('no partition')

void test('the global host belongs to partition aws only', async (t) => {
  t.equal(GLOBAL_STS_HOST, 'sts.amazonaws.com')
  for (const partition of partitions) {
    t.equal(isAllowedStsHost(GLOBAL_STS_HOST, { partition, serverRegion: null }), partition.id === 'aws', partition.id)
  }
})

void test('the own region of the server is accepted by its exact name, on the plain host', async (t) => {
  const partition = findPartition('aws-iso') ?? aws
  const policy = { partition, serverRegion: 'us-new-1' }
  t.ok(isAllowedStsHost('sts.us-new-1.c2s.ic.gov', policy))
  t.notOk(isAllowedStsHost('sts-fips.us-new-1.c2s.ic.gov', policy))
  t.notOk(isAllowedStsHost('sts.us-new-1.c2s.ic.gov', { partition, serverRegion: null }))
  t.notOk(isAllowedStsHost('sts.us-new-1.amazonaws.com', policy))
  t.notOk(isAllowedStsHost('sts..c2s.ic.gov', { partition, serverRegion: '' }))
})

void test('FIPS hosts: not in GovCloud, where the plain host is one', async (t) => {
  const policy = { partition: aws, serverRegion: null }
  t.ok(isAllowedStsHost('sts-fips.us-east-1.amazonaws.com', policy))
  t.ok(isAllowedStsHost('sts-fips.us-gov-west-1.api.aws', policy))
  t.notOk(isAllowedStsHost('sts-fips.us-gov-west-1.amazonaws.com', policy))
  t.notOk(isAllowedStsHost('sts-fips.US-GOV-WEST-1.amazonaws.com', policy), 'DNS ignores case')
})

void test('matching takes time linear in the length of the host', async (t) => {
  for (const host of [
    `sts.${'a-'.repeat(50_000)}`,
    `sts.${'a.'.repeat(50_000)}`,
    'sts.'.repeat(50_000),
    '-'.repeat(100_000),
  ]) {
    t.notOk(isAllowedStsHost(host, { partition: aws, serverRegion: null }))
  }
})

void test('the region of a host', async (t) => {
  t.equal(regionOfStsHost('sts.amazonaws.com'), 'global')
  t.equal(regionOfStsHost('sts.us-west-2.amazonaws.com'), 'us-west-2')
  t.equal(regionOfStsHost('nothing'), '')
})
