import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { AskSts } from './sts-client.ts'
import type { Timing } from '../util/timing.ts'
import { createTokenBucket } from '../util/token-bucket.ts'
import { createStsHosts, type StsHosts } from './hosts.ts'
import { NoAnswer } from './no-answer.ts'

/** The limits of calls to all unknown hosts together: calls per second, and burst. */
const UNKNOWN_PER_SECOND = 5
const UNKNOWN_BURST = 20

interface GuardedStsOptions {
  readonly askSts: AskSts
  /** Whether a host needs no proof: it is configured, or it is in the server's own region. */
  readonly isTrusted: (host: string) => boolean
  readonly timing: Timing
}

export interface GuardedSts extends Pick<StsHosts, 'prove' | 'counts'> {
  /** Calls the wrapped `askSts`; refuses with `overloaded` if a limit is reached. */
  readonly askSts: AskSts
}

function overloaded(why: string): Refusal {
  return new Refusal('overloaded', why)
}

function unknownOverloaded(name: string): Refusal {
  return overloaded(`no login was granted through ${name} yet, and too many hosts that AWS does not publish are asked`)
}

/**
 * Limits the calls to STS. Excess calls are rejected at once, which is not a verdict on the token. Hosts do not wait for each other.
 *
 * Hosts that AWS does not publish, and through which no login was granted yet, share one low rate limit. So invented regions cause few
 * DNS queries and don't affect other hosts. A published host has a small limit of its own, because the number of such hosts is
 * bounded: the first login through it does not compete with invented regions.
 */
export function createGuardedSts({ askSts, isTrusted, timing }: GuardedStsOptions): GuardedSts {
  const { now } = timing
  const hosts = createStsHosts(isTrusted, timing)
  const unknown = createTokenBucket(UNKNOWN_PER_SECOND, UNKNOWN_BURST, now)
  /** Whether a call to the host exceeds the rate of unknown hosts. */
  const exceedsRate = (name: string): boolean => hosts.standingOf(name) === 'unknown' && unknown.take(0) === null

  const ask: AskSts = async (request) => {
    const { host: name } = request
    const known = hosts.find(name)
    if (known !== undefined && !known.breaker.admits()) {
      return new NoAnswer(`${name} has given no answer lately; it is tried again every second`, true)
    }
    // While calls to an unknown host are in flight, others wait for their outcome.
    const isFirst = known === undefined || known.queue.inFlight === 0
    if (isFirst && exceedsRate(name)) return unknownOverloaded(name)
    const host = known ?? hosts.add(name)
    if (host === null) return overloaded('too many STS hosts are in use')
    const { breaker, queue } = host
    const entered = queue.enter()
    if (!(entered === true || (await entered))) return overloaded(`too many calls of ${name} are in flight`)
    const startedAt = now()
    let answeredAfterMs: number | null = null
    try {
      if (!isFirst && exceedsRate(name)) return unknownOverloaded(name)
      const outcome = await askSts(request)
      if (outcome instanceof NoAnswer) {
        if (outcome.isOfHost) breaker.failed()
      } else {
        breaker.answered()
        answeredAfterMs = now() - startedAt
      }
      return outcome
    } finally {
      queue.leave(answeredAfterMs)
    }
  }
  return { askSts: ask, prove: hosts.prove, counts: hosts.counts }
}
