import { partitionOfRegion } from './partition.ts'

/** The settings by which AWS SDKs choose among the endpoints of one region. */
export interface EndpointVariant {
  readonly region: string
  /** AWS_USE_FIPS_ENDPOINT. */
  readonly fips?: boolean | undefined
  /** AWS_USE_DUALSTACK_ENDPOINT. */
  readonly dualStack?: boolean | undefined
}

const REGION = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/**
 * The host of a service in a region, by the endpoint rules that AWS SDKs have for STS and EC2.
 *
 * @throws {TypeError} The region is no DNS label, or has no endpoint of the kind that is asked for.
 */
export function resolveServiceHost(service: 'sts' | 'ec2', { region, fips, dualStack }: EndpointVariant): string {
  if (!REGION.test(region)) throw new TypeError(`"${region}" is not the name of an AWS region, such as us-west-2`)
  const partition = partitionOfRegion(region)
  const suffix = dualStack === true ? partition.dualStackSuffix : partition.suffix
  if (suffix === null) {
    throw new TypeError(
      `partition ${partition.id} has no dual-stack endpoints: unset AWS_USE_DUALSTACK_ENDPOINT for region ${region}`,
    )
  }
  // GovCloud's plain endpoints are FIPS endpoints.
  const plainIsFips = partition.id === 'aws-us-gov' && dualStack !== true
  return `${fips === true && !plainIsFips ? `${service}-fips` : service}.${region}.${suffix}`
}
