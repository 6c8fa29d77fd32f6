import { partitionOfRegion, type Partition } from './partition.ts'

/** The host of the one STS endpoint that serves no single region; requests to it are signed for us-east-1. */
export const GLOBAL_STS_HOST = 'sts.amazonaws.com'

// A region is one DNS label, hence the bound of RFC 1035 section 2.3.4.
const STS_HOST = /^(sts|sts-fips)\.([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)\.([a-z0-9.-]+)$/

// A bucket of S3 can be called sts, and has the host name sts.s3.amazonaws.com: that is nobody's region.
const BUCKET_HOST = /^s3(-|$)/i

/** Which STS hosts a server accepts tokens for. */
export interface StsHostPolicy {
  readonly partition: Partition
  /** The region the server runs in, accepted whatever its name looks like; null while it is not known. */
  readonly serverRegion: string | null
}

function suffixesOf(partition: Partition): (string | null)[] {
  return [partition.suffix, partition.dualStackSuffix]
}

/**
 * Decides whether a token may name this host.
 *
 * Everything that follows trusts this answer: the server sends its request to the host, and believes what the host says
 * of an identity. The host must be an STS endpoint of the configured partition, whole and anchored.
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
  // In GovCloud the plain host is the FIPS host; AWS has no `sts-fips` name there that anybody could own.
  if (service === 'sts-fips' && regionPartition.id === 'aws-us-gov' && suffix === regionPartition.suffix) return false
  return suffixesOf(regionPartition).includes(suffix)
}

/**
 * The region an allowed STS host serves, for metrics and logs; `global` for sts.amazonaws.com.
 */
export function regionOfStsHost(host: string): string {
  return host === GLOBAL_STS_HOST ? 'global' : (host.split('.')[1] ?? '')
}
