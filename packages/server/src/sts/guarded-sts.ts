import { Refusal, type StsRequest } from '@aws-iam-authenticator/core'
import type { AskSts } from '../sts.ts'
import type { Timing } from '../timing.ts'
import { createTokenBucket } from '../token-bucket.ts'
import { createCallRates } from './call-rates.ts'
import { createStsHosts, type StsHosts } from './hosts.ts'
import { NoAnswer } from './no-answer.ts'

/** Calls a second to all hosts through which no login has succeeded yet, and at once. */
const UNPROVEN_PER_SECOND = 5
const UNPROVEN_BURST = 20

export interface GuardedStsOptions {
  readonly askSts: AskSts
  /** Whether a host needs no proof: the configuration names it, or the server's own region. */
  readonly isTrusted: (host: string) => boolean
  readonly timing: Timing
}

export interface GuardedSts {
  /** As the `askSts` within; `overloaded` where that would be one call too many. */
  readonly askSts: AskSts
  /** A login has succeeded through this host. */
  readonly prove: StsHosts['prove']
  readonly counts: StsHosts['counts']
}

function overloaded(why: string): Refusal {
  return new Refusal('overloaded', why)
}

function unprovenOverloaded(name: string): Refusal {
  return overloaded(`no login has succeeded through ${name} yet, and too many such hosts are asked`)
}

/**
 * Keeps STS, and this server, from more calls than they can carry: what is too much is turned away at once, and no verdict.
 * Hosts do not wait for each other. Hosts through which no login has succeeded share a small rate, so that invented regions
 * make few look-ups in DNS, and cost the proven ones nothing.
 */
export function createGuardedSts({ askSts, isTrusted, timing }: GuardedStsOptions): GuardedSts {
  const { now } = timing
  const hosts = createStsHosts(isTrusted, timing)
  const rates = createCallRates(now)
  const unproven = createTokenBucket(UNPROVEN_PER_SECOND, UNPROVEN_BURST, now)

  const ask = async (request: StsRequest, client: string): Promise<string | Refusal> => {
    const { host: name } = request
    const known = hosts.find(name)
    if (known !== undefined && !known.breaker.admits()) {
      return new NoAnswer(`${name} has given no answer lately; it is tried again every second`, true)
    }
    // While others are on their way to a host that is not proven, whoever comes waits for what becomes of them.
    const isFirst = known === undefined || known.queue.inFlight === 0
    const isProven = known?.isProven ?? isTrusted(name)
    if (isFirst && !isProven && unproven.take(0) === null) return unprovenOverloaded(name)
    if (!rates.admits(client)) return overloaded('too many calls of STS a second')
    const host = known ?? hosts.add(name)
    if (host === null) return overloaded('too many STS hosts are in use')
    const { breaker, queue } = host
    const entered = queue.enter()
    if (!(entered === true || (await entered))) return overloaded(`too many calls of ${name} are under way`)
    const startedAt = now()
    let answeredAfterMs: number | null = null
    try {
      if (!isFirst && !host.isProven && unproven.take(0) === null) return unprovenOverloaded(name)
      const outcome = await askSts(request, client)
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
