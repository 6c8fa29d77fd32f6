import type { DescribeInstances } from './describe-instances.ts'
import { Ec2Error } from './ec2-error.ts'
import type { Instance, InstancesPage } from './instances.ts'
import type { Timing } from '../util/timing.ts'
import { createTokenBucket } from '../util/token-bucket.ts'

interface FindInstancesOptions {
  readonly describe: DescribeInstances
  /** The limit of calls per second, including retries and further pages. Zero or less: no limit. */
  readonly qps: number
  /** The number of calls that may exceed the rate at once. Zero or less: no limit. */
  readonly burst: number
  /** The timeout of a search in milliseconds, including retries and the wait for the rate limit. */
  readonly timeoutMs: number
  /** Called before each call to EC2. */
  readonly onCall: () => void
  readonly timing: Timing
}

/**
 * Finds the instances of these ids, by id. Unknown ids are left out.
 *
 * @throws {Ec2Error}
 */
type FindInstances = (instanceIds: readonly string[]) => Promise<ReadonlyMap<string, Instance>>

const FIRST_BACKOFF_MS = 100

/** Creates a search with a rate limit, a timeout, and retries of transient errors. */
export function createFindInstances(options: FindInstancesOptions): FindInstances {
  const { describe, qps, burst, timeoutMs, onCall, timing } = options
  const bucket = qps > 0 && burst > 0 ? createTokenBucket(qps, burst, () => timing.now()) : undefined
  return async (instanceIds) => {
    const deadline = timing.now() + timeoutMs
    const timeUp = new AbortController()
    const done = new AbortController()
    let lastFailure = ''

    const callOnce = async (nextToken: string | null): Promise<InstancesPage> => {
      const waitMs = bucket === undefined ? 0 : bucket.take(deadline - timing.now())
      if (waitMs === null) {
        throw new Ec2Error(
          'rate_limited',
          `EC2 is not asked more than ${qps} times a second: raise ec2DescribeInstancesQps if many nodes log in at once`,
        )
      }
      if (waitMs > 0) await timing.sleep(waitMs, timeUp.signal)
      onCall()
      return await describe(instanceIds, nextToken, timeUp.signal)
    }
    const call = async (nextToken: string | null): Promise<InstancesPage> => {
      for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs *= 2) {
        try {
          return await callOnce(nextToken)
        } catch (error) {
          if (!(error instanceof Ec2Error) || !error.transient) throw error
          lastFailure = `: ${error.message}`
          // Other control-plane nodes back off at the same time.
          await timing.sleep(backoffMs * (0.5 + Math.random() / 2), timeUp.signal)
        }
      }
    }
    const search = async (): Promise<ReadonlyMap<string, Instance>> => {
      const wanted = new Set(instanceIds)
      const found = new Map<string, Instance>()
      let nextToken: string | null = null
      do {
        const page: InstancesPage = await call(nextToken)
        for (const instance of page.instances) if (wanted.has(instance.id)) found.set(instance.id, instance)
        nextToken = page.nextToken
      } while (nextToken !== null && found.size < wanted.size)
      return found
    }
    // An abort is not enough, because the request for credentials takes no signal.
    const giveUp = async (): Promise<never> => {
      await timing.sleep(timeoutMs, done.signal)
      timeUp.abort()
      throw new Ec2Error('timeout', `EC2 did not answer in time${lastFailure}`)
    }
    try {
      return await Promise.race([giveUp(), search()])
    } finally {
      done.abort()
    }
  }
}
