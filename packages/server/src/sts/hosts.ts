import { isPublishedStsHost } from '@aws-iam-authenticator/core/aws/published-regions'
import type { Timing } from '../util/timing.ts'
import { createBreaker, type Breaker } from './breaker.ts'
import { createCallQueue, type CallQueue } from './call-queue.ts'

/** The limit of hosts in the table: more than all published regions of a partition have, with up to four names each. */
export const MAX_HOSTS = 256

/**
 * The evidence that a host exists.
 *
 * - `proven`: it is configured, it is in the server's own region, or a login was granted through it
 * - `published`: AWS publishes its region, and no login was granted through it yet
 * - `unknown`: the sender of the token may have invented it
 */
type Standing = 'proven' | 'published' | 'unknown'

/** Concurrent calls to a host that is not proven, until it has answered some. */
const UNPROVEN_AT_ONCE = 4

/** Concurrent calls to a host that has just been proven: to open more connections at once takes longer than in turn. */
const FIRST_AT_ONCE = 32

/** Concurrent calls to a host that answers. */
const MOST_AT_ONCE = 128

const MAX_EXPECTED_WAIT_MS = 350
const MAX_WAIT_MS = 2_000

/** The limit of calls that wait for one host. Each holds its token, 16 KiB at most. */
export const MAX_QUEUED = 1_024

/** The limits of calls that wait for all hosts of one standing. Hosts that don't exist take no places from the others. */
export const MAX_QUEUED_IN_ALL: Readonly<Record<Standing, number>> = { proven: 2_048, published: 512, unknown: 64 }

/** The state of one STS host. */
interface StsHost {
  readonly breaker: Breaker
  readonly queue: CallQueue
  readonly standing: Standing
  isProven: boolean
}

/** A table of STS hosts. Its size is limited, because tokens can name hosts that don't exist. */
export interface StsHosts {
  readonly find: (name: string) => StsHost | undefined
  /** Adds a host; null if the table is full. */
  readonly add: (name: string) => StsHost | null
  /** The standing of a host, whether or not it has an entry. */
  readonly standingOf: (name: string) => Standing
  /** Must be called after a login was granted through the host. */
  readonly prove: (name: string) => void
  /** Sums over all hosts. */
  readonly counts: () => { readonly inFlight: number; readonly queued: number; readonly openBreakers: number }
}

function isIdle({ queue }: StsHost): boolean {
  return queue.inFlight === 0 && queue.queued === 0
}

function countsOf(hosts: Iterable<StsHost>): ReturnType<StsHosts['counts']> {
  let [inFlight, queued, openBreakers] = [0, 0, 0]
  for (const { queue, breaker } of hosts) {
    inFlight += queue.inFlight
    queued += queue.queued
    if (breaker.isOpen()) openBreakers += 1
  }
  return { inFlight, queued, openBreakers }
}

/** @param isTrusted Whether a host needs no proof: it is configured, or it is in the server's own region. */
export function createStsHosts(isTrusted: (name: string) => boolean, timing: Timing): StsHosts {
  const hosts = new Map<string, StsHost>()
  const queuedAt = (standing: Standing): number => {
    let queued = 0
    for (const host of hosts.values()) {
      if (host.queue.queued > 0 && host.standing === standing) queued += host.queue.queued
    }
    return queued
  }
  const standingOf: StsHosts['standingOf'] = (name) => {
    if (hosts.get(name)?.isProven === true || isTrusted(name)) return 'proven'
    return isPublishedStsHost(name) ? 'published' : 'unknown'
  }
  const create = (name: string): StsHost => {
    const queue: CallQueue = createCallQueue({
      timing,
      first: () => (host.standing === 'proven' ? FIRST_AT_ONCE : UNPROVEN_AT_ONCE),
      most: MOST_AT_ONCE,
      maxExpectedWaitMs: MAX_EXPECTED_WAIT_MS,
      maxWaitMs: MAX_WAIT_MS,
      mayWait: () => queue.queued < MAX_QUEUED && queuedAt(host.standing) < MAX_QUEUED_IN_ALL[host.standing],
    })
    const host: StsHost = {
      breaker: createBreaker(timing.now),
      queue,
      isProven: false,
      // Not fixed: the server's own region becomes known while it runs.
      get standing() {
        return standingOf(name)
      },
    }
    return host
  }
  /** Makes room by deleting the oldest idle host of the lowest standing; false if every host is busy. */
  const makeRoom = (): boolean => {
    if (hosts.size < MAX_HOSTS) return true
    const idle = [...hosts].filter(([, host]) => isIdle(host))
    for (const standing of ['unknown', 'published', 'proven'] as const) {
      const [name] = idle.find(([, host]) => host.standing === standing) ?? []
      if (name !== undefined) return hosts.delete(name)
    }
    return false
  }
  return {
    find: (name) => hosts.get(name),
    add: (name) => {
      if (!makeRoom()) return null
      const host = create(name)
      hosts.set(name, host)
      return host
    },
    standingOf,
    prove: (name) => {
      const host = hosts.get(name)
      if (host !== undefined) host.isProven = true
    },
    counts: () => countsOf(hosts.values()),
  }
}
