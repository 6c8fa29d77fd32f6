import { BoundedMap } from '@aws-iam-authenticator/core/bounded-map'
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
 * Finds the private DNS name of an EC2 instance. Returns a fault if the instance has none, which is a verdict, or a refusal if the call
 * to EC2 failed, which is not.
 */
export type LookUpPrivateDnsName = (instanceId: string) => Promise<string | TemplateFault | Refusal>

interface PrivateDnsNamesOptions {
  readonly describe: DescribeInstances
  readonly qps: number
  readonly burst: number
  /** Called before each call to EC2. */
  readonly onCall: () => void
  readonly timing?: Timing
}

/** The longest time that a login waits for EC2, in milliseconds. */
const TIMEOUT_MS = 5_000

/** The time that a call waits for more instances, in milliseconds. */
const BATCH_WAIT_MS = 200
const BATCH_SIZE = 100

/** The limit of cached names: more than a cluster has nodes. */
export const MAX_NAMES = 20_000

/** The limit of instances in flight: more than the default rate allows within {@link TIMEOUT_MS}. */
export const MAX_UNDER_WAY = 10_000

const DNS_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

function fault(why: string): TemplateFault {
  return new TemplateFault(`{{EC2PrivateDNSName}}: ${why}`)
}

function nameOf(instance: Instance | undefined): string | TemplateFault | Refusal {
  if (instance === undefined) return fault("EC2 knows no instance of this id in this server's region and account")
  const { privateDnsName, state } = instance
  if (DNS_NAME.test(privateDnsName)) return privateDnsName
  if (privateDnsName !== '') return fault('the private DNS name that EC2 has for the instance is not a DNS name')
  // The kubelet may be faster than EC2.
  if (state === 'pending')
    return new Refusal('ec2_unavailable', 'the instance is pending and has no private DNS name yet')
  return fault('the instance has no private DNS name: it is terminated, or its VPC gives none')
}

/**
 * Creates the look-up of private DNS names. Ids that are requested at about the same time share a call, and equal ids share a result.
 *
 * Names are cached for as long as the server runs, because EC2 never reuses an instance id. Faults are not cached: EC2 may know the
 * instance a moment later.
 */
export function createPrivateDnsNames(options: PrivateDnsNamesOptions): LookUpPrivateDnsName {
  const { timing = realTiming, ...search } = options
  const names = new BoundedMap<string, string>(MAX_NAMES)
  const inFlight = createSingleFlight<string | TemplateFault | Refusal>()
  const find = createBatcher({
    maxKeys: BATCH_SIZE,
    maxWaitMs: BATCH_WAIT_MS,
    run: createFindInstances({ ...search, timing, timeoutMs: TIMEOUT_MS - BATCH_WAIT_MS }),
    timing,
  })
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
        if (typeof name === 'string') names.set(instanceId, name)
        return name
      } catch (error) {
        if (!(error instanceof Ec2Error)) throw error
        return new Refusal('ec2_unavailable', error.message)
      }
    })
  }
}
