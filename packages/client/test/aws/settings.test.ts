import { test } from 'tap'
import type { Environment } from '../../../network/src/environment.ts'
import type { InstanceMetadata } from '../../src/aws/instance-metadata.ts'
import { resolveSettings, type Settings } from '../../src/aws/settings.ts'
import { personWith } from '../person.ts'

const CONFIG = `
[default]
region = ap-south-1

[profile gov]
region = us-gov-west-1
use_fips_endpoint = true
ca_bundle = /etc/gov.pem

[profile dual]
region = eu-west-1
use_dualstack_endpoint = TRUE

[profile legacy]
region = us-west-2
sts_regional_endpoints = legacy

[profile bare]
output = json

[profile odd]
region = eu-west-1
use_fips_endpoint = perhaps
`
const CREDENTIALS = `
[gov]
region = us-gov-east-1
`

const nowhere: InstanceMetadata = {
  get: () => Promise.reject(new Error('no metadata service')),
}

async function settings(
  t: Parameters<typeof personWith>[0],
  environment: Environment,
  options: { region?: string; instanceMetadata?: InstanceMetadata } = {},
): Promise<Settings> {
  const files = { '.aws/config': CONFIG, '.aws/credentials': CREDENTIALS }
  return await resolveSettings({
    environment: await personWith(t, { files, environment }),
    instanceMetadata: nowhere,
    ...options,
  })
}

void test('precedence of the token endpoint settings', async (t) => {
  const cases: readonly (readonly [label: string, environment: Environment, host: string, region?: string])[] = [
    ['an explicit region wins', { AWS_REGION: 'eu-west-1' }, 'sts.eu-west-2.amazonaws.com', 'eu-west-2'],
    [
      'AWS_REGION',
      { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2', AWS_PROFILE: 'dual' },
      'sts.eu-west-1.api.aws',
    ],
    ['AWS_DEFAULT_REGION', { AWS_DEFAULT_REGION: 'eu-west-2' }, 'sts.eu-west-2.amazonaws.com'],
    ['an empty variable counts as unset', { AWS_REGION: '', AWS_PROFILE: '' }, 'sts.ap-south-1.amazonaws.com'],
    [
      "the profile's region",
      { AWS_PROFILE: 'legacy', AWS_STS_REGIONAL_ENDPOINTS: 'regional' },
      'sts.us-west-2.amazonaws.com',
    ],
    ['AWS_DEFAULT_PROFILE', { AWS_DEFAULT_PROFILE: 'dual' }, 'sts.eu-west-1.api.aws'],
    ['the credentials file over the config file', { AWS_PROFILE: 'gov' }, 'sts.us-gov-east-1.amazonaws.com'],
    ['us-east-1 in the end', { AWS_PROFILE: 'bare' }, 'sts.us-east-1.amazonaws.com'],
    ['aws-global', { AWS_REGION: 'aws-global' }, 'sts.amazonaws.com'],
    [
      'FIPS of the environment',
      { AWS_REGION: 'us-east-2', AWS_USE_FIPS_ENDPOINT: 'true' },
      'sts-fips.us-east-2.amazonaws.com',
    ],
    [
      'FIPS of the profile, in another region',
      { AWS_REGION: 'us-east-2', AWS_PROFILE: 'gov' },
      'sts-fips.us-east-2.amazonaws.com',
    ],
    [
      'the environment switches FIPS off',
      { AWS_REGION: 'us-east-2', AWS_PROFILE: 'gov', AWS_USE_FIPS_ENDPOINT: 'false' },
      'sts.us-east-2.amazonaws.com',
    ],
    ['dual-stack', { AWS_REGION: 'us-gov-west-1', AWS_USE_DUALSTACK_ENDPOINT: 'True' }, 'sts.us-gov-west-1.api.aws'],
    [
      'legacy of the environment',
      { AWS_REGION: 'eu-west-1', AWS_STS_REGIONAL_ENDPOINTS: 'legacy' },
      'sts.amazonaws.com',
    ],
    ['legacy of the profile', { AWS_PROFILE: 'legacy' }, 'sts.amazonaws.com'],
    [
      'legacy says nothing of a newer region',
      { AWS_PROFILE: 'legacy', AWS_REGION: 'eu-south-1' },
      'sts.eu-south-1.amazonaws.com',
    ],
    [
      "an endpoint for the calls made here is not the token's",
      { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_STS: 'https://vpce.example' },
      'sts.eu-west-1.amazonaws.com',
    ],
  ]
  for (const [label, environment, host, region] of cases) {
    await t.test(label, async (c) => {
      const { endpoint } = await settings(c, environment, region === undefined ? {} : { region })
      c.equal(endpoint.host, host)
    })
  }
})

void test('the instance is asked for the region only if nothing else names one', async (t) => {
  const asked: string[] = []
  const instanceMetadata: InstanceMetadata = {
    get(path) {
      asked.push(path)
      return Promise.resolve('cn-north-1')
    },
  }
  const found = await settings(t, { AWS_PROFILE: 'bare' }, { instanceMetadata })
  t.same(found.endpoint, { host: 'sts.cn-north-1.amazonaws.com.cn', signingRegion: 'cn-north-1' })
  t.same(asked, ['placement/region'])
  await settings(t, {}, { instanceMetadata })
  t.equal(asked.length, 1, 'the profile has one')
})

void test("the profile's ca_bundle", async (t) => {
  t.equal((await settings(t, { AWS_PROFILE: 'gov' })).caBundle, '/etc/gov.pem')
  t.equal((await settings(t, {})).caBundle, undefined)
})

void test('files that are named replace those in the home folder', async (t) => {
  const files = {
    'elsewhere/config': '[profile far]\nregion = sa-east-1\n',
    'elsewhere/keys': '[near]\nregion=ca-west-1\n',
  }
  const person = await personWith(t, { files })
  const named = {
    AWS_CONFIG_FILE: `${person['HOME']}/elsewhere/config`,
    AWS_SHARED_CREDENTIALS_FILE: `${person['HOME']}/elsewhere/keys`,
  }
  const region = async (profile: string): Promise<string> => {
    const environment = { ...person, ...named, AWS_PROFILE: profile }
    return (await resolveSettings({ environment, instanceMetadata: nowhere })).region
  }
  t.equal(await region('far'), 'sa-east-1')
  t.equal(await region('near'), 'ca-west-1')
})

void test('invalid settings are rejected and named', async (t) => {
  const cases: readonly (readonly [environment: Environment, expected: { code: string; message: RegExp }])[] = [
    [
      { AWS_USE_FIPS_ENDPOINT: 'maybe' },
      { code: 'invalid_settings', message: /AWS_USE_FIPS_ENDPOINT is "maybe".*true.*false/ },
    ],
    [{ AWS_USE_DUALSTACK_ENDPOINT: '1' }, { code: 'invalid_settings', message: /AWS_USE_DUALSTACK_ENDPOINT is "1"/ }],
    [{ AWS_STS_REGIONAL_ENDPOINTS: 'global' }, { code: 'invalid_settings', message: /legacy or regional/ }],
    [{ AWS_PROFILE: 'odd' }, { code: 'invalid_settings', message: /use_fips_endpoint of profile "odd" is "perhaps"/ }],
    [{ AWS_REGION: 'evil.example/' }, { code: 'invalid_settings', message: /evil/ }],
    [
      { AWS_REGION: 'us-iso-east-1', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
      { code: 'invalid_settings', message: /dual-stack/ },
    ],
    [{ AWS_PROFILE: 'nobody' }, { code: 'unknown_profile', message: /AWS_PROFILE names profile "nobody"/ }],
    [{ AWS_PROFILE: 'constructor' }, { code: 'unknown_profile', message: /constructor/ }],
    [{ AWS_DEFAULT_PROFILE: 'nobody' }, { code: 'unknown_profile', message: /AWS_DEFAULT_PROFILE names/ }],
  ]
  for (const [environment, expected] of cases) {
    await t.rejects(settings(t, environment), expected, JSON.stringify(environment))
  }
})
