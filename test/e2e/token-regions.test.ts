import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { personEnvironment } from './harness/person.ts'
import { rawParameters, urlOf } from './harness/presigned.ts'

interface Row {
  readonly args?: readonly string[]
  readonly environment?: Environment
  /** Settings of the profile in use. */
  readonly profile?: string
  readonly host: string
  /** The signing region, if it differs from the one in the host. */
  readonly signedFor?: string
}

const LEGACY = { AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }
const FIPS = { AWS_USE_FIPS_ENDPOINT: 'true' }
const DUAL_STACK = { AWS_USE_DUALSTACK_ENDPOINT: 'true' }
const GLOBAL = { host: 'sts.amazonaws.com', signedFor: 'us-east-1' }

const regional = (region: string, more: Environment = {}): Environment => ({ AWS_REGION: region, ...more })

const rows: Readonly<Record<string, Row>> = {
  'nothing is set': { host: 'sts.us-east-1.amazonaws.com' },
  AWS_DEFAULT_REGION: { environment: { AWS_DEFAULT_REGION: 'eu-west-1' }, host: 'sts.eu-west-1.amazonaws.com' },
  'AWS_REGION before AWS_DEFAULT_REGION': {
    environment: { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-1' },
    host: 'sts.eu-west-2.amazonaws.com',
  },
  'an empty AWS_REGION counts as unset': {
    environment: { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1' },
    host: 'sts.eu-west-1.amazonaws.com',
  },
  '--region before all': {
    args: ['--region', 'sa-east-1'],
    environment: { AWS_REGION: 'eu-west-2' },
    profile: 'region = eu-west-3',
    host: 'sts.sa-east-1.amazonaws.com',
  },
  'the profile': { profile: 'region = eu-west-3', host: 'sts.eu-west-3.amazonaws.com' },
  'the environment before the profile': {
    environment: regional('eu-west-2'),
    profile: 'region = eu-west-3',
    host: 'sts.eu-west-2.amazonaws.com',
  },
  'a region nobody has heard of': { environment: regional('mars-north-1'), host: 'sts.mars-north-1.amazonaws.com' },
  'aws-global': { environment: regional('aws-global'), ...GLOBAL },
  legacy: { environment: regional('us-west-2', LEGACY), ...GLOBAL },
  'legacy in a region that is younger': {
    environment: regional('ap-east-1', LEGACY),
    host: 'sts.ap-east-1.amazonaws.com',
  },
  'legacy in the profile': {
    environment: regional('us-west-2'),
    profile: 'sts_regional_endpoints = legacy',
    ...GLOBAL,
  },
  'regional in the environment before legacy in the profile': {
    environment: regional('us-west-2', { AWS_STS_REGIONAL_ENDPOINTS: 'regional' }),
    profile: 'sts_regional_endpoints = legacy',
    host: 'sts.us-west-2.amazonaws.com',
  },
  'legacy in GovCloud': {
    environment: regional('us-gov-west-1', LEGACY),
    host: 'sts.us-gov-west-1.amazonaws.com',
  },
  FIPS: { environment: regional('us-east-2', FIPS), host: 'sts-fips.us-east-2.amazonaws.com' },
  'FIPS in the profile': {
    environment: regional('us-east-2'),
    profile: 'use_fips_endpoint = true',
    host: 'sts-fips.us-east-2.amazonaws.com',
  },
  'FIPS in GovCloud, where the plain host is the FIPS host': {
    environment: regional('us-gov-east-1', FIPS),
    host: 'sts.us-gov-east-1.amazonaws.com',
  },
  'dual-stack': { environment: regional('eu-west-1', DUAL_STACK), host: 'sts.eu-west-1.api.aws' },
  'dual-stack in the profile': {
    environment: regional('eu-west-1'),
    profile: 'use_dualstack_endpoint = true',
    host: 'sts.eu-west-1.api.aws',
  },
  'FIPS and dual-stack': {
    environment: regional('us-west-2', { ...FIPS, ...DUAL_STACK }),
    host: 'sts-fips.us-west-2.api.aws',
  },
  GovCloud: { environment: regional('us-gov-west-1'), host: 'sts.us-gov-west-1.amazonaws.com' },
  China: { environment: regional('cn-north-1'), host: 'sts.cn-north-1.amazonaws.com.cn' },
  'China, dual-stack': {
    environment: regional('cn-northwest-1', DUAL_STACK),
    host: 'sts.cn-northwest-1.api.amazonwebservices.com.cn',
  },
  'the European sovereign cloud': {
    environment: regional('eusc-de-east-1'),
    host: 'sts.eusc-de-east-1.amazonaws.eu',
  },
  'AWS_ENDPOINT_URL_STS is not for the token': {
    environment: regional('us-west-2', { AWS_ENDPOINT_URL_STS: 'https://vpce.example:8443' }),
    host: 'sts.us-west-2.amazonaws.com',
  },
}

for (const [name, { args = [], environment = {}, profile, host, signedFor }] of Object.entries(rows)) {
  t.test(`the STS host: ${name}`, async (t) => {
    const home = temporaryFolder(t)
    const config = join(home, 'config')
    writeFileSync(config, `[profile work]\noutput = json\n${profile ?? ''}\n`)
    const own = personEnvironment(home, { AWS_CONFIG_FILE: config, AWS_PROFILE: 'work' }, environment)
    const { stdout, stderr } = await runCommand(['token', '-i', 'k8s.local', '--token-only', ...args], {
      environment: own,
    })
    t.equal(stderr, '')
    const url = urlOf(stdout.trim())
    t.equal(new URL(url).host, host)
    const [, , region] = rawParameters(url).get('X-Amz-Credential')?.split('%2F') ?? []
    t.equal(region, signedFor ?? host.split('.')[1])
  })
}
