import { AwsError } from './aws-error.ts'

/** The parameters of a DescribeInstances call. */
export interface DescribeInstancesQuery {
  /** The ids of `InstanceId.N`: an unknown one fails the call. */
  readonly instanceIds: readonly string[]
  /** The values of the filter `instance-id`: an unknown one is left out. Undefined without that filter. */
  readonly filtered: readonly string[] | undefined
  readonly maxResults: number | undefined
  readonly nextToken: string | undefined
}

function numbered(parameters: URLSearchParams, prefix: string): string[] {
  return [...parameters].filter(([name]) => name.startsWith(`${prefix}.`)).map(([, value]) => value)
}

/**
 * Reads the parameters of DescribeInstances in EC2's query protocol.
 *
 * @throws AwsError `InvalidParameterValue` for filters and page sizes that EC2 rejects
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
 */
export function parseDescribeInstances(parameters: URLSearchParams): DescribeInstancesQuery {
  const instanceIds = numbered(parameters, 'InstanceId')
  const names = [...parameters].filter(([name]) => /^Filter\.\d+\.Name$/.test(name))
  for (const [, value] of names) {
    if (value !== 'instance-id') throw new AwsError('InvalidParameterValue', `The filter '${value}' is invalid`)
  }
  const [filter] = names
  const filtered = filter === undefined ? undefined : numbered(parameters, filter[0].replace('Name', 'Value'))
  if ((filtered?.length ?? 0) > 200) throw new AwsError('InvalidParameterValue', 'Too many filter values')
  const size = parameters.get('MaxResults')
  const maxResults = size === null ? undefined : Number(size)
  if (maxResults !== undefined && (instanceIds.length > 0 || !(maxResults >= 5 && maxResults <= 1000))) {
    throw new AwsError('InvalidParameterValue', 'MaxResults must be from 5 to 1000, and not with instance ids')
  }
  return { instanceIds, filtered, maxResults, nextToken: parameters.get('NextToken') ?? undefined }
}
