/** The signatures that an STS host accepts, derived from its name. */
export interface StsHost {
  readonly region: string
  readonly partition: string
}

/** The host that is in no region. */
export const GLOBAL_HOST = 'sts.amazonaws.com'

const PARTITION_OF_SUFFIX: ReadonlyMap<string, string> = new Map([
  ['amazonaws.com', 'aws'],
  ['api.aws', 'aws'],
  ['amazonaws.com.cn', 'aws-cn'],
  ['api.amazonwebservices.com.cn', 'aws-cn'],
  ['c2s.ic.gov', 'aws-iso'],
  ['sc2s.sgov.gov', 'aws-iso-b'],
  ['cloud.adc-e.uk', 'aws-iso-e'],
  ['csp.hci.ic.gov', 'aws-iso-f'],
  ['amazonaws.eu', 'aws-eusc'],
  ['api.amazonwebservices.eu', 'aws-eusc'],
])

/** True for a host below one of the domains that AWS uses in any partition. */
export function isAwsHost(host: string): boolean {
  return [...PARTITION_OF_SUFFIX.keys()].some((suffix) => host.endsWith(`.${suffix}`))
}

/**
 * Reads `sts.<region>.<suffix>`, its FIPS form and the global `sts.amazonaws.com`, which stands for us-east-1.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/sts.html
 */
export function parseStsHost(host: string): StsHost | undefined {
  if (host === GLOBAL_HOST) return { region: 'us-east-1', partition: 'aws' }
  const [, region, suffix] = /^sts(?:-fips)?\.([a-z0-9-]+)\.(.+)$/.exec(host) ?? []
  if (region === undefined || suffix === undefined) return undefined
  const partition = PARTITION_OF_SUFFIX.get(suffix)
  if (partition === undefined) return undefined
  // GovCloud is a separate partition below the suffixes of the commercial one.
  return { region, partition: partition === 'aws' && region.startsWith('us-gov-') ? 'aws-us-gov' : partition }
}
