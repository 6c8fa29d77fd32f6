import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import { test } from 'tap'
import { describeUnknownRegion, isMistyped, nearestRegion } from '../../src/aws/region.ts'

const origin = 'AWS_REGION'

void test('published regions and aws-global are known', async (t) => {
  for (const name of [...publishedRegions, 'aws-global']) {
    t.equal(describeUnknownRegion({ name, origin }), undefined, name)
    t.equal(isMistyped({ name, origin }), false, name)
  }
})

void test('a region that AWS does not publish is described with the setting that has it', async (t) => {
  t.equal(
    describeUnknownRegion({ name: 'us-esat-1', origin }),
    'region "us-esat-1" of AWS_REGION is not one that AWS publishes (did you mean us-east-1?)',
  )
  t.equal(
    describeUnknownRegion({ name: 'moon', origin: 'profile "x"' }),
    'region "moon" of profile "x" is not one that AWS publishes',
  )
  t.equal(nearestRegion('moon'), '')
})

void test('only a name that resembles a region and has no neighbours is mistyped', async (t) => {
  const rows: readonly (readonly [name: string, isMistaken: boolean])[] = [
    ['us-esat-1', true],
    ['eu-wst-1', true],
    ['US-EAST-1', true],
    // A new number beside published ones may be newer than this program.
    ['us-east-9', false],
    ['eu-west-12', false],
    // Nothing is similar: it may be newer than this program, or a private partition.
    ['mars-north-1', false],
    ['', false],
  ]
  for (const [name, isMistaken] of rows) t.equal(isMistyped({ name, origin }), isMistaken, name)
})
