import type { DescribeInstances, DescribeInstancesOptions } from './describe-instances.ts'
import { createPrivateDnsNames, type LookUpPrivateDnsName } from './private-dns-names.ts'

interface Ec2LookupOptions extends DescribeInstancesOptions {
  /** Calls per second. */
  readonly qps: number
  /** Calls at once. */
  readonly burst: number
  /** Notes a call. */
  readonly called: () => void
}

/** Asks EC2 for private DNS names. What signs and parses is loaded with the first question: most servers never ask one. */
export function createEc2Lookup({ qps, burst, called, ...ec2 }: Ec2LookupOptions): LookUpPrivateDnsName {
  let loaded: Promise<DescribeInstances> | undefined
  const load = async (): Promise<DescribeInstances> => {
    const { createDescribeInstances } = await import('./describe-instances.ts')
    return createDescribeInstances(ec2)
  }
  const describe: DescribeInstances = async (...call) => {
    const describeLoaded = await (loaded ??= load())
    return describeLoaded(...call)
  }
  return createPrivateDnsNames({ describe, qps, burst, called })
}
