import { partitionOfRegion } from './partition.ts'
import { GLOBAL_STS_HOST } from './sts-host.ts'

/** An STS endpoint and the region its requests are signed for. */
export interface StsEndpoint {
  readonly host: string
  readonly signingRegion: string
}

/** The settings by which AWS SDKs choose among the endpoints of one region. */
export interface StsEndpointOptions {
  readonly region: string
  /** AWS_USE_FIPS_ENDPOINT. */
  readonly fips?: boolean
  /** AWS_USE_DUALSTACK_ENDPOINT. */
  readonly dualStack?: boolean
  /** AWS_STS_REGIONAL_ENDPOINTS=legacy: the oldest regions use the global endpoint. */
  readonly legacy?: boolean
}

const REGION = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

// The regions that `legacy` sends to the global endpoint (AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints").
const LEGACY_REGIONS: ReadonlySet<string> = new Set([
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
])

/**
 * Chooses the STS endpoint by the rules of the AWS SDKs.
 *
 * @throws {TypeError} The region is no DNS label, or has no endpoint of the kind that is asked for.
 */
export function resolveStsEndpoint({ region, fips, dualStack, legacy }: StsEndpointOptions): StsEndpoint {
  if (region === 'aws-global' && fips === true) {
    throw new TypeError('the global STS endpoint is no FIPS endpoint: name a region, such as us-east-1')
  }
  if (region === 'aws-global') return { host: GLOBAL_STS_HOST, signingRegion: 'us-east-1' }
  if (!REGION.test(region)) throw new TypeError(`"${region}" is not the name of an AWS region, such as us-west-2`)
  if (legacy === true && fips !== true && dualStack !== true && LEGACY_REGIONS.has(region)) {
    return { host: GLOBAL_STS_HOST, signingRegion: 'us-east-1' }
  }
  const partition = partitionOfRegion(region)
  const suffix = dualStack === true ? partition.dualStackSuffix : partition.suffix
  if (suffix === null) {
    throw new TypeError(
      `partition ${partition.id} has no dual-stack endpoints: unset AWS_USE_DUALSTACK_ENDPOINT for region ${region}`,
    )
  }
  // GovCloud's plain endpoints are FIPS endpoints.
  const plainIsFips = partition.id === 'aws-us-gov' && dualStack !== true
  const service = fips === true && !plainIsFips ? 'sts-fips' : 'sts'
  return { host: `${service}.${region}.${suffix}`, signingRegion: region }
}
