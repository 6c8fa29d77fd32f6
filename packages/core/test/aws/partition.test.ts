import { findPartition, partitionOfRegion, partitions } from '../../src/aws/partition.ts'
import { test } from 'tap'

void test('the partitions and their suffixes', async (t) => {
  t.same(
    partitions.map(({ id, suffix, dualStackSuffix }) => [id, suffix, dualStackSuffix]),
    [
      ['aws', 'amazonaws.com', 'api.aws'],
      ['aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
      ['aws-us-gov', 'amazonaws.com', 'api.aws'],
      ['aws-iso', 'c2s.ic.gov', null],
      ['aws-iso-b', 'sc2s.sgov.gov', null],
      ['aws-iso-e', 'cloud.adc-e.uk', null],
      ['aws-iso-f', 'csp.hci.ic.gov', null],
      ['aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu'],
    ],
  )
})

void test('a partition is found by its id only', async (t) => {
  for (const partition of partitions) t.equal(findPartition(partition.id), partition)
  for (const id of ['', 'AWS', 'aws ', '__proto__', 'constructor']) t.equal(findPartition(id), undefined)
})

void test('a region belongs to one partition; an unknown one belongs to aws', async (t) => {
  const regions = [
    ['us-east-1', 'aws'],
    ['il-central-1', 'aws'],
    ['mx-central-1', 'aws'],
    ['cn-northwest-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['us-iso-east-1', 'aws-iso'],
    ['us-isob-east-1', 'aws-iso-b'],
    ['eu-isoe-west-1', 'aws-iso-e'],
    ['us-isof-south-1', 'aws-iso-f'],
    ['eusc-de-east-1', 'aws-eusc'],
    ['eusc-fr-east-1', 'aws'],
    ['nz-south-1', 'aws'],
    ['us-gov-west-1-x', 'aws'],
    ['', 'aws'],
    ['US-GOV-WEST-1', 'aws-us-gov'],
    ['CN-NORTH-1', 'aws-cn'],
  ] as const
  for (const [region, id] of regions) t.equal(partitionOfRegion(region).id, id, region)
})
