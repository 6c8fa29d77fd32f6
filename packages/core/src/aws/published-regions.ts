import { regionOfStsHost } from './sts-host.ts'

/**
 * The regions that AWS publishes for its SDKs, in all partitions.
 *
 * Other regions are accepted too. Until a login through a region is granted, the list decides how calls to its STS are limited and whether
 * metrics name it.
 *
 * Source: `partitions.json` of the AWS SDKs, as in `@aws-sdk/core`, without the pseudo-regions (`aws-global`). The test of this
 * file asserts that both are equal.
 */
export const publishedRegions: ReadonlySet<string> = new Set([
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-central-1',
  'ca-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'eu-central-1',
  'eu-central-2',
  'eu-isoe-west-1',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eusc-de-east-1',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'me-west-1',
  'mx-central-1',
  'sa-east-1',
  'sa-west-1',
  'us-east-1',
  'us-east-2',
  'us-gov-east-1',
  'us-gov-west-1',
  'us-iso-east-1',
  'us-iso-west-1',
  'us-isob-east-1',
  'us-isob-west-1',
  'us-isof-east-1',
  'us-isof-south-1',
  'us-west-1',
  'us-west-2',
])

/**
 * Returns whether an allowed STS host is the global one or belongs to a published region. A region has at most four such hosts: plain and FIPS,
 * each with the suffix for IPv4 and for dual stack.
 *
 * @param host In lower case.
 */
export function isPublishedStsHost(host: string): boolean {
  const region = regionOfStsHost(host)
  return region === 'global' || publishedRegions.has(region)
}
