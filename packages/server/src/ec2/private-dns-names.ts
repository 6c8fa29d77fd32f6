import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { TemplateFault } from '@aws-iam-authenticator/core/mapping/template'
import { createSingleFlight } from '../util/single-flight.ts'
import { createBatcher } from './batcher.ts'
import type { DescribeInstances } from './describe-instances.ts'
import { Ec2Error } from './ec2-error.ts'
import { createFindInstances } from './find-instances.ts'
import type { Instance } from './instances.ts'
import { realTiming, type Timing } from '../util/timing.ts'

/**
 * The private DNS name of an EC2 instance; a fault where it has none, which is a verdict; a refusal where EC2 could not be
 * asked, which is none.
 */
export type LookUpPrivateDnsName = (instanceId: string) => Promise<string | TemplateFault | Refusal>

interface PrivateDnsNamesOptions {
  readonly describe: DescribeInstances
  readonly qps: number
  readonly burst: number
  /** Notes a call of EC2. */
  readonly called: () => void
  readonly timing?: Timing
}

/** How long one login waits for EC2 at most. */
const TIMEOUT_MS = 5_000

/** How long a call waits for more instances to ask about. */
const BATCH_WAIT_MS = 200
const BATCH_SIZE = 100

/** Names that are remembered: more than a cluster has nodes. */
export const MAX_NAMES = 20_000

/** Instances that are looked up at once: more than EC2 can be asked about in {@link TIMEOUT_MS} by default. */
export const MAX_UNDER_WAY = 10_000

const DNS_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

function fault(why: string): TemplateFault {
  return new TemplateFault(`{{EC2PrivateDNSName}}: ${why}`)
}

function nameOf(instance: Instance | undefined): string | TemplateFault | Refusal {
  if (instance === undefined) return fault("EC2 knows no instance of this id in this server's region and account")
  const { privateDnsName, state } = instance
  if (DNS_NAME.test(privateDnsName)) return privateDnsName
  if (privateDnsName !== '') return fault('what EC2 has for the private DNS name of the instance is no DNS name')
  // Its kubelet may be faster than EC2.
  if (state === 'pending')
    return new Refusal('ec2_unavailable', 'the instance is pending and has no private DNS name yet')
  return fault('the instance has no private DNS name: it is terminated, or its VPC gives none')
}

/**
 * Looks up private DNS names: the ids asked for at about the same time in one call, each id once at a time.
 *
 * Names are remembered for as long as the server runs, for EC2 uses no instance id again; only names: what EC2 does not
 * know at this moment it may know in the next.
 */
export function createPrivateDnsNames(options: PrivateDnsNamesOptions): LookUpPrivateDnsName {
  const { timing = realTiming, ...search } = options
  const names = new Map<string, string>()
  const inFlight = createSingleFlight<string | TemplateFault | Refusal>()
  const find = createBatcher({
    maxKeys: BATCH_SIZE,
    maxWaitMs: BATCH_WAIT_MS,
    run: createFindInstances({ ...search, timing, timeoutMs: TIMEOUT_MS - BATCH_WAIT_MS }),
    timing,
  })
  const remember = (instanceId: string, name: string): void => {
    const [oldest] = names.keys()
    if (names.size >= MAX_NAMES && oldest !== undefined) names.delete(oldest)
    names.set(instanceId, name)
  }
  return async (instanceId) => {
    const known = names.get(instanceId)
    if (known !== undefined) return known
    if (inFlight.size >= MAX_UNDER_WAY) {
      return new Refusal('ec2_unavailable', `EC2 is being asked about ${MAX_UNDER_WAY} instances already`)
    }
    return inFlight.run(instanceId, async () => {
      try {
        const found = await find(instanceId)
        const name = nameOf(found.get(instanceId))
        if (typeof name === 'string') remember(instanceId, name)
        return name
      } catch (error) {
        if (!(error instanceof Ec2Error)) throw error
        return new Refusal('ec2_unavailable', error.message)
      }
    })
  }
}
