import { isRecord, property } from '../../src/untrusted.ts'
import { isPublishedStsHost, publishedRegions } from '../../src/aws/published-regions.ts'
import { partitions } from '../../src/aws/partition.ts'
import { test } from 'tap'

/** The table of the AWS SDK for JavaScript. The package does not export all of it. */
const TABLE = 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js'

/** The regions of each partition, without its pseudo-region. */
async function regionsOfSdk(): Promise<ReadonlyMap<string, readonly string[]>> {
  const sdk: unknown = await import(new URL(TABLE, import.meta.resolve('@aws-sdk/core/package.json')).href)
  const list = property(property(sdk, 'partitionsInfo'), 'partitions')
  if (!Array.isArray(list)) throw new TypeError(`${TABLE} holds no list of partitions`)
  return new Map(
    list.map((partition: unknown) => {
      const regions = property(partition, 'regions')
      const names = isRecord(regions) ? Object.keys(regions) : []
      return [String(property(partition, 'id')), names.filter((name) => !name.endsWith('-global'))]
    }),
  )
}

void test('the published regions are those of the AWS SDK', async (t) => {
  const regions = await regionsOfSdk()
  t.same([...regions.keys()].sort(), partitions.map(({ id }) => id).sort(), 'the partitions')
  t.same([...publishedRegions].sort(), [...regions.values()].flat().sort())
  for (const { id, regionPattern } of partitions) {
    for (const region of regions.get(id) ?? []) t.match(region, regionPattern, id)
  }
})

void test('hosts of published regions', (t) => {
  for (const host of [
    'sts.amazonaws.com',
    'sts.us-east-1.amazonaws.com',
    'sts-fips.us-east-2.amazonaws.com',
    'sts.eu-west-1.api.aws',
    'sts.us-gov-west-1.amazonaws.com',
    'sts.cn-north-1.amazonaws.com.cn',
  ]) {
    t.ok(isPublishedStsHost(host), host)
  }
  for (const host of ['sts.us-nowhere-1.amazonaws.com', 'sts.aws-global.amazonaws.com', 'sts', '']) {
    t.notOk(isPublishedStsHost(host), host)
  }
  t.end()
})
