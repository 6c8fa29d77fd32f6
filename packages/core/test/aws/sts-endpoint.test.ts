import { resolveStsEndpoint, type StsEndpointOptions } from '../../src/aws/sts-endpoint.ts'
import { test } from 'tap'

const GLOBAL = { host: 'sts.amazonaws.com', signingRegion: 'us-east-1' }

void test('the endpoint of a region, by the AWS SDK settings', async (t) => {
  const rows: readonly (readonly [StsEndpointOptions, string])[] = [
    [{ region: 'us-west-2' }, 'sts.us-west-2.amazonaws.com'],
    [{ region: 'us-west-2', fips: true }, 'sts-fips.us-west-2.amazonaws.com'],
    [{ region: 'us-west-2', dualStack: true }, 'sts.us-west-2.api.aws'],
    [{ region: 'us-west-2', fips: true, dualStack: true }, 'sts-fips.us-west-2.api.aws'],
    [{ region: 'us-gov-west-1' }, 'sts.us-gov-west-1.amazonaws.com'],
    [{ region: 'us-gov-west-1', fips: true }, 'sts.us-gov-west-1.amazonaws.com'],
    [{ region: 'us-gov-west-1', fips: true, dualStack: true }, 'sts-fips.us-gov-west-1.api.aws'],
    [{ region: 'cn-north-1' }, 'sts.cn-north-1.amazonaws.com.cn'],
    [{ region: 'cn-north-1', dualStack: true }, 'sts.cn-north-1.api.amazonwebservices.com.cn'],
    [{ region: 'us-iso-east-1' }, 'sts.us-iso-east-1.c2s.ic.gov'],
    [{ region: 'eusc-de-east-1' }, 'sts.eusc-de-east-1.amazonaws.eu'],
    [{ region: 'zz-new-1' }, 'sts.zz-new-1.amazonaws.com'],
  ]
  for (const [options, host] of rows) {
    t.same(resolveStsEndpoint(options), { host, signingRegion: options.region }, JSON.stringify(options))
  }
})

const regional = (region: string) => ({ host: `sts.${region}.amazonaws.com`, signingRegion: region })

void test('the global endpoint: by name, and by legacy for the oldest regions', async (t) => {
  t.same(resolveStsEndpoint({ region: 'aws-global' }), GLOBAL)
  const legacy = ['ap-northeast-1', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ca-central-1', 'eu-central-1']
  const more = ['eu-north-1', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'sa-east-1', 'us-east-1', 'us-east-2', 'us-west-1']
  for (const region of [...legacy, ...more, 'us-west-2']) {
    t.same(resolveStsEndpoint({ region, legacy: true }), GLOBAL, region)
    t.same(resolveStsEndpoint({ region, legacy: false }), regional(region), region)
  }
  for (const region of ['ap-east-1', 'me-south-1', 'af-south-1', 'us-gov-west-1']) {
    t.same(resolveStsEndpoint({ region, legacy: true }), regional(region), region)
  }
  t.match(resolveStsEndpoint({ region: 'us-east-1', legacy: true, fips: true }), {
    signingRegion: 'us-east-1',
    host: /fips/,
  })
  t.match(resolveStsEndpoint({ region: 'us-east-1', legacy: true, dualStack: true }), { host: /api\.aws$/ })
})

void test('an invalid region, or one without such an endpoint, is a TypeError', async (t) => {
  for (const region of [
    '',
    'us_west_2',
    'evil.com/',
    'a.b',
    '-a',
    'a-',
    'a b',
    'a\n',
    'a'.repeat(64),
    'us-west-2@evil.com',
  ]) {
    t.throws(() => resolveStsEndpoint({ region }), TypeError, JSON.stringify(region))
  }
  t.throws(() => resolveStsEndpoint({ region: 'us-iso-east-1', dualStack: true }), TypeError)
  t.throws(() => resolveStsEndpoint({ region: 'aws-global', fips: true }), { name: 'TypeError', message: /us-east-1/ })
})
