/** An AWS partition: a group of regions with their own accounts, ARNs and DNS suffixes. */
export type PartitionId =
  | 'aws'
  | 'aws-cn'
  | 'aws-us-gov'
  | 'aws-iso'
  | 'aws-iso-b'
  | 'aws-iso-e'
  | 'aws-iso-f'
  | 'aws-eusc'

export interface Partition {
  readonly id: PartitionId
  /** Matches the names of the partition's regions. */
  readonly regionPattern: RegExp
  /** The DNS suffix of its service endpoints, such as `amazonaws.com`. */
  readonly suffix: string
  /** The DNS suffix of its dual-stack (IPv6) endpoints; null if it has none. */
  readonly dualStackSuffix: string | null
}

const AWS: Partition = {
  id: 'aws',
  regionPattern: /^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/,
  suffix: 'amazonaws.com',
  dualStackSuffix: 'api.aws',
}

/** All partitions, as AWS publishes them for its SDKs (the `partitions.json` of the endpoint rules). */
export const partitions: readonly Partition[] = [
  AWS,
  {
    id: 'aws-cn',
    regionPattern: /^cn-\w+-\d+$/,
    suffix: 'amazonaws.com.cn',
    dualStackSuffix: 'api.amazonwebservices.com.cn',
  },
  { id: 'aws-us-gov', regionPattern: /^us-gov-\w+-\d+$/, suffix: 'amazonaws.com', dualStackSuffix: 'api.aws' },
  { id: 'aws-iso', regionPattern: /^us-iso-\w+-\d+$/, suffix: 'c2s.ic.gov', dualStackSuffix: null },
  { id: 'aws-iso-b', regionPattern: /^us-isob-\w+-\d+$/, suffix: 'sc2s.sgov.gov', dualStackSuffix: null },
  { id: 'aws-iso-e', regionPattern: /^eu-isoe-\w+-\d+$/, suffix: 'cloud.adc-e.uk', dualStackSuffix: null },
  { id: 'aws-iso-f', regionPattern: /^us-isof-\w+-\d+$/, suffix: 'csp.hci.ic.gov', dualStackSuffix: null },
  {
    id: 'aws-eusc',
    regionPattern: /^eusc-(de)-\w+-\d+$/,
    suffix: 'amazonaws.eu',
    dualStackSuffix: 'api.amazonwebservices.eu',
  },
]

const byId: ReadonlyMap<string, Partition> = new Map(partitions.map((partition) => [partition.id, partition]))

/** The partition of an id; undefined if the id is unknown. */
export function findPartition(id: string): Partition | undefined {
  return byId.get(id)
}

/** The partition of a region; `aws` for an unknown region. Case is ignored, as in DNS. */
export function partitionOfRegion(region: string): Partition {
  const name = region.toLowerCase()
  return partitions.find((partition) => partition.regionPattern.test(name)) ?? AWS
}
