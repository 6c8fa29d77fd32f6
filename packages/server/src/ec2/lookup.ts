import type { DescribeInstances, DescribeInstancesOptions } from './describe-instances.ts'
import { createPrivateDnsNames, type LookUpPrivateDnsName } from './private-dns-names.ts'

interface Ec2LookupOptions extends DescribeInstancesOptions {
  /** The limit of calls per second. Zero or less: no limit. */
  readonly qps: number
  /** The number of calls that may exceed the rate at once. Zero or less: no limit. */
  readonly burst: number
  /** Called before each call to EC2. */
  readonly onCall: () => void
}

/** Creates the look-up of private DNS names. The code of the EC2 client is loaded on first use, because most servers never need it. */
export function createEc2Lookup({ qps, burst, onCall, ...ec2 }: Ec2LookupOptions): LookUpPrivateDnsName {
  let loaded: Promise<DescribeInstances> | undefined
  const load = async (): Promise<DescribeInstances> => {
    const { createDescribeInstances } = await import('./describe-instances.ts')
    return createDescribeInstances(ec2)
  }
  const describe: DescribeInstances = async (...call) => {
    const describeLoaded = await (loaded ??= load())
    return describeLoaded(...call)
  }
  return createPrivateDnsNames({ describe, qps, burst, onCall })
}
