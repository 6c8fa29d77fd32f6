import { isPublishedStsHost } from '@aws-iam-authenticator/core/aws/published-regions'
import { Refusal, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import type { AskSts } from '../sts/sts-client.ts'

/** How many calls in a row must have failed, all of them lately, for STS to count as out of reach. */
const FAILURES = 3
const LATELY_MS = 60_000
/** What latencies are told of. */
const WINDOW_MS = 5 * 60_000
const MAX_SAMPLES = 512
/** Hosts that are reported; whoever sends tokens can invent more. */
export const MAX_REPORTED_HOSTS = 16

/** The calls to one STS host since the start; latencies of the last five minutes, null where none was answered then. */
export interface StsHostReport {
  readonly host: string
  readonly calls: number
  /** Calls without an answer. */
  readonly failures: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly lastFailure: { readonly time: string; readonly error: string } | null
}

export interface StsActivity {
  /** Notes each call of the given one. */
  readonly watch: (askSts: AskSts) => AskSts
  /** A login was granted through this host. */
  readonly granted: (host: string) => void
  /** Why STS counts as out of reach; null while it does not, and before the first call. */
  readonly fault: () => string | null
  readonly report: () => readonly StsHostReport[]
}

/**
 * Why a host is believed to be one of STS, the weakest reason first: none, it has answered and AWS publishes its region, or a login
 * was granted through it.
 */
const BELIEFS = ['none', 'answered', 'granted'] as const

interface HostRecord {
  calls: number
  failures: number
  belief: (typeof BELIEFS)[number]
  samples: { readonly at: number; readonly ms: number }[]
  lastFailure: { readonly time: string; readonly error: string } | null
}

/** The refusals that come of a call. */
const CALLED: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'bad_signature',
  'unknown_key',
  'expired',
  'sts_refused',
  'sts_throttled',
  'sts_unreachable',
  'sts_bad_answer',
])

function quantile(sorted: readonly number[], part: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return value === undefined ? null : Math.round(value * 10) / 10
}

/** @param since The start of the window of latencies, in milliseconds since the epoch. */
function reportOf(host: string, record: HostRecord, since: number): StsHostReport {
  const { calls, failures, samples, lastFailure } = record
  const recent = samples.filter(({ at }) => at >= since).map(({ ms }) => ms)
  const sorted = recent.sort((a, b) => a - b)
  return { host, calls, failures, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), lastFailure }
}

/** Deletes the oldest host of the weakest belief. */
function makeRoom(hosts: Map<string, HostRecord>): void {
  for (const belief of BELIEFS) {
    const [name] = [...hosts].find(([, record]) => record.belief === belief) ?? []
    if (name !== undefined) return void hosts.delete(name)
  }
}

/**
 * Records how STS answered. Calls to hosts that may not exist count for reachability only until one has answered that
 * does: a token may name any region, and a proxy that inspects TLS answers for each of them.
 */
export function createStsActivity(now: () => Date): StsActivity {
  const hosts = new Map<string, HostRecord>()
  let failedAt: number[] = []
  let lastError = ''
  let hasBelievedHost = false

  const recordOf = (host: string): HostRecord => {
    const known = hosts.get(host)
    if (known !== undefined) return known
    if (hosts.size >= MAX_REPORTED_HOSTS) makeRoom(hosts)
    const record: HostRecord = { calls: 0, failures: 0, belief: 'none', samples: [], lastFailure: null }
    hosts.set(host, record)
    return record
  }
  const answered = (host: string, record: HostRecord, ms: number): void => {
    if (record.belief === 'none' && isPublishedStsHost(host)) record.belief = 'answered'
    hasBelievedHost ||= record.belief !== 'none'
    if (!hasBelievedHost || record.belief !== 'none') failedAt = []
    record.samples.push({ at: now().getTime(), ms })
    if (record.samples.length > MAX_SAMPLES) record.samples.shift()
  }
  const failed = (record: HostRecord, error: string): void => {
    const time = now()
    record.failures += 1
    record.lastFailure = { time: time.toISOString(), error }
    if (hasBelievedHost && record.belief === 'none') return
    failedAt = [...failedAt, time.getTime()].slice(-FAILURES)
    lastError = error
  }
  return {
    watch: (askSts) => async (request) => {
      const startedAt = performance.now()
      const answer = await askSts(request)
      if (answer instanceof Refusal && !CALLED.has(answer.reason)) return answer
      const record = recordOf(request.host)
      record.calls += 1
      if (answer instanceof Refusal && answer.reason === 'sts_unreachable') failed(record, answer.message)
      else answered(request.host, record, performance.now() - startedAt)
      return answer
    },
    granted: (host) => {
      const record = hosts.get(host)
      if (record === undefined) return
      record.belief = 'granted'
      hasBelievedHost = true
    },
    fault: () => {
      const [oldest] = failedAt
      if (failedAt.length < FAILURES || oldest === undefined || now().getTime() - oldest > LATELY_MS) return null
      return `the last ${FAILURES} calls failed: ${lastError}`
    },
    report: () => [...hosts].map(([host, record]) => reportOf(host, record, now().getTime() - WINDOW_MS)),
  }
}
