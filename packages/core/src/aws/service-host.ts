import { partitionOfRegion } from './partition.ts'

/** The settings that select one of the endpoints of a region in AWS SDKs. */
export interface EndpointVariant {
  readonly region: string
  /** AWS_USE_FIPS_ENDPOINT. */
  readonly fips?: boolean | undefined
  /** AWS_USE_DUALSTACK_ENDPOINT. */
  readonly dualStack?: boolean | undefined
}

const REGION = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/**
 * The host of a service in a region, by the endpoint rules of AWS SDKs for STS and EC2.
 *
 * @throws {TypeError} The region is not a DNS label, or does not have the requested kind of endpoint.
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
