import { resolveServiceHost } from '../../src/aws/service-host.ts'
import { test } from 'tap'

// The answers of the endpoint rules that AWS publishes for EC2.
const HOSTS = [
  ['us-west-2', {}, 'ec2.us-west-2.amazonaws.com'],
  ['us-west-2', { fips: true }, 'ec2-fips.us-west-2.amazonaws.com'],
  ['us-west-2', { dualStack: true }, 'ec2.us-west-2.api.aws'],
  ['us-west-2', { fips: true, dualStack: true }, 'ec2-fips.us-west-2.api.aws'],
  ['us-gov-west-1', {}, 'ec2.us-gov-west-1.amazonaws.com'],
  ['us-gov-west-1', { fips: true }, 'ec2.us-gov-west-1.amazonaws.com'],
  ['us-gov-west-1', { fips: true, dualStack: true }, 'ec2-fips.us-gov-west-1.api.aws'],
  ['cn-north-1', {}, 'ec2.cn-north-1.amazonaws.com.cn'],
  ['cn-north-1', { dualStack: true }, 'ec2.cn-north-1.api.amazonwebservices.com.cn'],
  ['us-iso-east-1', { fips: true }, 'ec2-fips.us-iso-east-1.c2s.ic.gov'],
  ['eusc-de-east-1', {}, 'ec2.eusc-de-east-1.amazonaws.eu'],
  ['xx-newland-1', {}, 'ec2.xx-newland-1.amazonaws.com'],
] as const

void test('the host of a service depends on region, FIPS and dual-stack', async (t) => {
  for (const [region, variant, host] of HOSTS) t.equal(resolveServiceHost('ec2', { region, ...variant }), host)
})

void test('an invalid region never becomes part of a host', async (t) => {
  for (const region of ['', 'a.b', 'evil.example/', 'us-west-2.evil', '-', 'us west', 'a'.repeat(64), 'ü']) {
    t.throws(() => resolveServiceHost('ec2', { region }), TypeError, region)
  }
  t.throws(() => resolveServiceHost('ec2', { region: 'us-iso-east-1', dualStack: true }), TypeError)
})
