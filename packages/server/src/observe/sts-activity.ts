import { Refusal, type ReasonCode } from '@aws-iam-authenticator/core'
import type { AskSts } from '../sts.ts'

/** How many calls in a row must have failed, all of them lately, for STS to count as out of reach. */
const FAILURES = 3
const LATELY_MS = 60_000
/** What latencies are told of. */
const WINDOW_MS = 5 * 60_000
const MAX_SAMPLES = 512
/** Whoever sends tokens can invent hosts. */
const MAX_HOSTS = 16

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
  /** Why STS counts as out of reach; null while it does not, and before the first call. */
  readonly fault: () => string | null
  readonly report: () => readonly StsHostReport[]
}

interface HostRecord {
  calls: number
  failures: number
  hasAnswered: boolean
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

/**
 * Keeps in mind how STS answered. Calls to hosts that never answered count for reachability only while no host has: a token
 * may name a region that does not exist.
 */
export function createStsActivity(now: () => Date): StsActivity {
  const hosts = new Map<string, HostRecord>()
  let failedAt: number[] = []
  let lastError = ''
  let hasAnswered = false

  const recordOf = (host: string): HostRecord | null => {
    const known = hosts.get(host)
    if (known !== undefined) return known
    if (hosts.size >= MAX_HOSTS) {
      const silent = [...hosts].find(([, record]) => !record.hasAnswered)?.[0]
      if (silent === undefined) return null
      hosts.delete(silent)
    }
    const record: HostRecord = { calls: 0, failures: 0, hasAnswered: false, samples: [], lastFailure: null }
    hosts.set(host, record)
    return record
  }
  const answered = (record: HostRecord | null, ms: number): void => {
    if (failedAt.length > 0) failedAt = []
    hasAnswered = true
    if (record === null) return
    record.hasAnswered = true
    record.samples.push({ at: now().getTime(), ms })
    if (record.samples.length > MAX_SAMPLES) record.samples.shift()
  }
  const failed = (record: HostRecord | null, error: string): void => {
    const time = now()
    if (record !== null) {
      record.failures += 1
      record.lastFailure = { time: time.toISOString(), error }
    }
    if (hasAnswered && record?.hasAnswered !== true) return
    failedAt = [...failedAt, time.getTime()].slice(-FAILURES)
    lastError = error
  }
  return {
    watch:
      (askSts) =>
      async (request, ...rest) => {
        const startedAt = performance.now()
        const answer = await askSts(request, ...rest)
        if (answer instanceof Refusal && !CALLED.has(answer.reason)) return answer
        const record = recordOf(request.host)
        if (record !== null) record.calls += 1
        if (answer instanceof Refusal && answer.reason === 'sts_unreachable') failed(record, answer.message)
        else answered(record, performance.now() - startedAt)
        return answer
      },
    fault: () => {
      const [oldest] = failedAt
      if (failedAt.length < FAILURES || oldest === undefined || now().getTime() - oldest > LATELY_MS) return null
      return `the last ${FAILURES} calls failed: ${lastError}`
    },
    report: () =>
      [...hosts].map(([host, { calls, failures, samples, lastFailure }]) => {
        const since = now().getTime() - WINDOW_MS
        const lately = samples.filter(({ at }) => at >= since).map(({ ms }) => ms)
        const sorted = lately.sort((a, b) => a - b)
        return { host, calls, failures, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), lastFailure }
      }),
  }
}
