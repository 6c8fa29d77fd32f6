import { resolveServiceHost, type EndpointVariant } from './service-host.ts'
import { GLOBAL_STS_HOST } from './sts-host.ts'

/** An STS endpoint and the region that its requests are signed for. */
export interface StsEndpoint {
  readonly host: string
  readonly signingRegion: string
}

/** The settings that select one of the STS endpoints of a region in AWS SDKs. */
export interface StsEndpointOptions extends EndpointVariant {
  /** AWS_STS_REGIONAL_ENDPOINTS=legacy: the oldest regions use the global endpoint. */
  readonly legacy?: boolean
}

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
 * @throws {TypeError} The region is not a DNS label, or does not have the requested kind of endpoint.
 */
export function resolveStsEndpoint({ region, fips, dualStack, legacy }: StsEndpointOptions): StsEndpoint {
  if (region === 'aws-global' && fips === true) {
    throw new TypeError('the global STS endpoint is not a FIPS endpoint: name a region, such as us-east-1')
  }
  if (region === 'aws-global') return { host: GLOBAL_STS_HOST, signingRegion: 'us-east-1' }
  const host = resolveServiceHost('sts', { region, fips, dualStack })
  if (legacy === true && fips !== true && dualStack !== true && LEGACY_REGIONS.has(region)) {
    return { host: GLOBAL_STS_HOST, signingRegion: 'us-east-1' }
  }
  return { host, signingRegion: region }
}
