import type { PartitionId } from '@aws-iam-authenticator/core/aws/partition'

/** True if a server of that partition, in that region, sends a token to that host. */
export interface StsHostRow {
  readonly partition: PartitionId
  readonly host: string
  readonly serverRegion?: string
  readonly allowed: boolean
}

type Server = Pick<StsHostRow, 'partition' | 'serverRegion'>

function rows({ partition, serverRegion }: Server, allowed: boolean, hosts: readonly string[]): StsHostRow[] {
  const server = serverRegion === undefined ? { partition } : { partition, serverRegion }
  return hosts.map((host) => ({ ...server, host, allowed }))
}

/**
 * STS endpoints of every partition (AWS General Reference, "AWS Security Token Service endpoints and quotas", and the
 * partitions of the AWS SDKs), seen from every partition.
 */
export const stsHosts: readonly StsHostRow[] = [
  ...rows({ partition: 'aws' }, true, [
    'sts.amazonaws.com',
    'sts.us-east-1.amazonaws.com',
    'sts.us-west-2.amazonaws.com',
    'sts.eu-central-2.amazonaws.com',
    'sts.ap-southeast-7.amazonaws.com',
    'sts.mx-central-1.amazonaws.com',
    'sts.il-central-1.amazonaws.com',
    'sts.af-south-1.amazonaws.com',
    'sts.me-south-1.amazonaws.com',
    'sts.sa-east-1.amazonaws.com',
    'sts.ca-west-1.amazonaws.com',
    'sts-fips.us-east-1.amazonaws.com',
    'sts-fips.us-west-1.amazonaws.com',
    'sts.us-east-1.api.aws',
    'sts-fips.us-east-1.api.aws',
    // GovCloud has the suffixes of partition aws.
    'sts.us-gov-west-1.amazonaws.com',
    'sts.us-gov-east-1.amazonaws.com',
    'sts.us-gov-west-1.api.aws',
    'sts-fips.us-gov-west-1.api.aws',
    // Unknown regions.
    'sts.us-north-9.amazonaws.com',
    'sts.nz-central-1.amazonaws.com',
    'sts-fips.nz-central-1.amazonaws.com',
    'sts.nz-central-1.api.aws',
  ]),
  ...rows({ partition: 'aws' }, false, [
    'sts-fips.us-gov-west-1.amazonaws.com',
    'sts-fips.us-gov-east-1.amazonaws.com',
    'sts-fips.amazonaws.com',
    'sts.api.aws',
    'sts.us-east-1.amazonaws.com.cn',
    'sts.cn-north-1.amazonaws.com',
    'sts.cn-north-1.amazonaws.com.cn',
    'sts.cn-north-1.api.aws',
    'sts.us-iso-east-1.amazonaws.com',
    'sts.us-iso-east-1.c2s.ic.gov',
    'sts.us-isob-east-1.sc2s.sgov.gov',
    'sts.eu-isoe-west-1.cloud.adc-e.uk',
    'sts.us-isof-south-1.csp.hci.ic.gov',
    'sts.eusc-de-east-1.amazonaws.eu',
    'sts.eusc-de-east-1.amazonaws.com',
    'sts.us-east-1.amazonaws.eu',
    'sts.us-east-1.c2s.ic.gov',
    'sts.us-east-1.aws',
    'sts.us-east-1.on.aws',
    'sts.us-east-1.vpce.amazonaws.com',
    'sts.us-east-1.amazonaws.com.',
    'signin.aws.amazon.com',
  ]),
  ...rows({ partition: 'aws-us-gov' }, true, [
    'sts.us-gov-west-1.amazonaws.com',
    'sts.us-gov-east-1.amazonaws.com',
    'sts.us-gov-west-1.api.aws',
    'sts-fips.us-gov-west-1.api.aws',
    'sts.us-east-1.amazonaws.com',
    'sts-fips.us-east-1.amazonaws.com',
    'sts.us-east-1.api.aws',
  ]),
  ...rows({ partition: 'aws-us-gov' }, false, [
    'sts.amazonaws.com',
    'sts-fips.us-gov-west-1.amazonaws.com',
    'sts-fips.us-gov-east-1.amazonaws.com',
    'sts.cn-north-1.amazonaws.com.cn',
    'sts.us-iso-east-1.c2s.ic.gov',
    'sts.us-gov-west-1.c2s.ic.gov',
  ]),
  ...rows({ partition: 'aws-cn' }, true, [
    'sts.cn-north-1.amazonaws.com.cn',
    'sts.cn-northwest-1.amazonaws.com.cn',
    'sts-fips.cn-north-1.amazonaws.com.cn',
    'sts.cn-north-1.api.amazonwebservices.com.cn',
  ]),
  ...rows({ partition: 'aws-cn' }, false, [
    'sts.amazonaws.com',
    'sts.amazonaws.com.cn',
    'sts.us-east-1.amazonaws.com',
    'sts.us-east-1.amazonaws.com.cn',
    'sts.cn-north-1.amazonaws.com',
    'sts.cn-north-1.api.aws',
    'sts.cn-north-1.amazonaws.com.cn.evil.com',
    // Unknown regions count as partition aws, which does not have these suffixes.
    'sts.cn-north.amazonaws.com.cn',
  ]),
  ...rows({ partition: 'aws-iso' }, true, ['sts.us-iso-east-1.c2s.ic.gov', 'sts.us-iso-west-1.c2s.ic.gov']),
  ...rows({ partition: 'aws-iso' }, true, ['sts-fips.us-iso-east-1.c2s.ic.gov']),
  ...rows({ partition: 'aws-iso' }, false, [
    'sts.amazonaws.com',
    'sts.us-iso-east-1.amazonaws.com',
    'sts.us-isob-east-1.c2s.ic.gov',
    'sts.us-isob-east-1.sc2s.sgov.gov',
    'sts.us-iso-east-1.api.aws',
    'sts.us-iso-east-1.null',
  ]),
  ...rows({ partition: 'aws-iso-b' }, true, ['sts.us-isob-east-1.sc2s.sgov.gov']),
  ...rows({ partition: 'aws-iso-b' }, false, ['sts.us-iso-east-1.c2s.ic.gov', 'sts.us-iso-east-1.sc2s.sgov.gov']),
  ...rows({ partition: 'aws-iso-e' }, true, ['sts.eu-isoe-west-1.cloud.adc-e.uk']),
  ...rows({ partition: 'aws-iso-e' }, false, ['sts.eu-west-1.cloud.adc-e.uk', 'sts.eu-isoe-west-1.amazonaws.com']),
  ...rows({ partition: 'aws-iso-f' }, true, ['sts.us-isof-south-1.csp.hci.ic.gov']),
  ...rows({ partition: 'aws-iso-f' }, false, ['sts.us-iso-east-1.c2s.ic.gov', 'sts.us-isof-south-1.hci.ic.gov']),
  ...rows({ partition: 'aws-eusc' }, true, [
    'sts.eusc-de-east-1.amazonaws.eu',
    'sts-fips.eusc-de-east-1.amazonaws.eu',
    'sts.eusc-de-east-1.api.amazonwebservices.eu',
  ]),
  ...rows({ partition: 'aws-eusc' }, false, [
    'sts.amazonaws.com',
    'sts.amazonaws.eu',
    'sts.eusc-fr-east-1.amazonaws.eu',
    'sts.eu-central-1.amazonaws.eu',
    'sts.eusc-de-east-1.api.aws',
  ]),
  // The server's own region, with any name.
  ...rows({ partition: 'aws-eusc', serverRegion: 'eusc-fr-east-1' }, true, [
    'sts.eusc-fr-east-1.amazonaws.eu',
    'sts.eusc-fr-east-1.api.amazonwebservices.eu',
  ]),
  ...rows({ partition: 'aws-eusc', serverRegion: 'eusc-fr-east-1' }, false, [
    'sts-fips.eusc-fr-east-1.amazonaws.eu',
    'sts.eusc-es-east-1.amazonaws.eu',
    'sts.eusc-fr-east-1.amazonaws.com',
    'sts.eusc-fr-east-1.evil.amazonaws.eu',
  ]),
  ...rows({ partition: 'aws-iso', serverRegion: 'us-iso-new' }, true, ['sts.us-iso-new.c2s.ic.gov']),
  ...rows({ partition: 'aws-iso', serverRegion: 'us-iso-new' }, false, ['sts.us-iso-new.api.aws']),
  ...rows({ partition: 'aws', serverRegion: 'us-gov-west-1' }, false, ['sts-fips.us-gov-west-1.amazonaws.com']),
  ...rows({ partition: 'aws-cn', serverRegion: 'us-west-2' }, true, ['sts.us-west-2.amazonaws.com.cn']),
  ...rows({ partition: 'aws-cn', serverRegion: 'us-west-2' }, false, ['sts.us-west-2.amazonaws.com']),
  ...rows({ partition: 'aws', serverRegion: 'evil.com/' }, false, ['sts.evil.com/.amazonaws.com', 'sts.evil.com']),
]
