import { partitionOfRegion, type Partition } from './partition.ts'

/** The host of the global STS endpoint. Requests to it are signed for us-east-1. */
export const GLOBAL_STS_HOST = 'sts.amazonaws.com'

// A region is one DNS label, hence the bound of RFC 1035 section 2.3.4.
const STS_HOST = /^(sts|sts-fips)\.([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)\.([a-z0-9.-]+)$/

// An S3 bucket named sts has the host name sts.s3.amazonaws.com, which is not an STS host.
const BUCKET_HOST = /^s3(-|$)/i

/** The policy for STS hosts in tokens. */
export interface StsHostPolicy {
  readonly partition: Partition
  /** The region of the server, accepted even if its name has an unknown form; null if it is not known. */
  readonly serverRegion: string | null
}

function suffixesOf(partition: Partition): (string | null)[] {
  return [partition.suffix, partition.dualStackSuffix]
}

/**
 * Returns whether a token may name this host. The whole host name must be that of an STS endpoint of the configured partition.
 *
 * All later steps rely on this check: the server sends its request to the host and trusts the identity in the answer.
 */
export function isAllowedStsHost(host: string, { partition, serverRegion }: StsHostPolicy): boolean {
  if (host === GLOBAL_STS_HOST) return partition.id === 'aws'
  const match = STS_HOST.exec(host)
  if (match === null) return false
  const [, service, region = '', suffix = ''] = match
  const configured = suffixesOf(partition)
  if (!configured.includes(suffix) || BUCKET_HOST.test(region)) return false
  if (service === 'sts' && region === serverRegion) return true
  const regionPartition = partitionOfRegion(region)
  // In GovCloud the plain host is the FIPS host. AWS does not have a host named `sts-fips` there.
  if (service === 'sts-fips' && regionPartition.id === 'aws-us-gov' && suffix === regionPartition.suffix) return false
  return suffixesOf(regionPartition).includes(suffix)
}

/** The region of an allowed STS host; `global` for sts.amazonaws.com. */
export function regionOfStsHost(host: string): string {
  return host === GLOBAL_STS_HOST ? 'global' : (host.split('.')[1] ?? '')
}
