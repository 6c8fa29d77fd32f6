import type { Timing } from '../timing.ts'
import { createBreaker, type Breaker } from './breaker.ts'
import { createCallQueue, type CallQueue } from './call-queue.ts'

/** More than AWS has regions, for each of which there are up to four names. */
const MAX_HOSTS = 256

/** Calls at once to a host through which no login has succeeded yet. */
const UNPROVEN_AT_ONCE = 4

/** Calls at once to a host that has just been proven: opening more connections together takes longer than in turn. */
const FIRST_AT_ONCE = 32

/** Calls at once to a host that answers. */
const MOST_AT_ONCE = 128

const MAX_EXPECTED_WAIT_MS = 350
const MAX_WAIT_MS = 2_000

/** Calls that wait, for one host and for all. A request is as long as its token, 16 KiB at most. */
const MAX_QUEUED = 1_024
const MAX_QUEUED_IN_ALL = 2_048

/** What is known of one STS host. */
export interface StsHost {
  readonly breaker: Breaker
  readonly queue: CallQueue
  /** Whether a login has succeeded through it, or the configuration names it. */
  readonly isProven: boolean
}

/** The STS hosts that are asked: a bounded table, for tokens can name hosts that never were. */
export interface StsHosts {
  readonly find: (name: string) => StsHost | undefined
  /** Makes an entry for a host that has none; null where there is no room for one more. */
  readonly add: (name: string) => StsHost | null
  /** A login has succeeded through this host. */
  readonly prove: (name: string) => void
  /** The sums over all hosts. */
  readonly counts: () => { readonly inFlight: number; readonly queued: number; readonly openBreakers: number }
}

function isIdle({ queue }: StsHost): boolean {
  return queue.inFlight === 0 && queue.queued === 0
}

/** @param isTrusted Whether a host needs no proof: the configuration names it, or the server's own region. */
export function createStsHosts(isTrusted: (name: string) => boolean, timing: Timing): StsHosts {
  const hosts = new Map<string, StsHost & { isProven: boolean }>()
  const counts: StsHosts['counts'] = () => {
    let [inFlight, queued, openBreakers] = [0, 0, 0]
    for (const { queue, breaker } of hosts.values()) {
      inFlight += queue.inFlight
      queued += queue.queued
      if (breaker.isOpen()) openBreakers += 1
    }
    return { inFlight, queued, openBreakers }
  }
  const create = (isTrustedHost: boolean): StsHost & { isProven: boolean } => {
    const queue: CallQueue = createCallQueue({
      timing,
      first: () => (host.isProven ? FIRST_AT_ONCE : UNPROVEN_AT_ONCE),
      most: MOST_AT_ONCE,
      maxExpectedWaitMs: MAX_EXPECTED_WAIT_MS,
      maxWaitMs: MAX_WAIT_MS,
      mayWait: () => queue.queued < MAX_QUEUED && counts().queued < MAX_QUEUED_IN_ALL,
    })
    const host = { breaker: createBreaker(timing.now), queue, isProven: isTrustedHost }
    return host
  }
  /** Makes room by forgetting the oldest host that is not in use; one that is proven only where all are. */
  const makeRoom = (): boolean => {
    if (hosts.size < MAX_HOSTS) return true
    const idle = [...hosts].filter(([, host]) => isIdle(host))
    const [name] = idle.find(([, { isProven }]) => !isProven) ?? idle[0] ?? []
    return name !== undefined && hosts.delete(name)
  }
  return {
    find: (name) => hosts.get(name),
    add: (name) => {
      if (!makeRoom()) return null
      const host = create(isTrusted(name))
      hosts.set(name, host)
      return host
    },
    prove: (name) => {
      const host = hosts.get(name)
      if (host !== undefined) host.isProven = true
    },
    counts,
  }
}
