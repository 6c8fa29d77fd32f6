import { isPublishedStsHost } from '@aws-iam-authenticator/core/aws/published-regions'
import { Refusal, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import type { AskSts } from '../sts/sts-client.ts'
import { REFUSAL_ADVICE } from './refusal-advice.ts'

/** STS counts as unreachable after this number of failures in a row, if all are recent. */
const FAILURES = 3
const RECENT_MS = 60_000
/** The window of reported latencies, in milliseconds. */
const WINDOW_MS = 5 * 60_000
const MAX_SAMPLES = 512
/** The limit of reported hosts: clients can invent any number of them. */
export const MAX_REPORTED_HOSTS = 16

/** The calls to one STS host since the start. Latencies are those of the last five minutes, and null if there was no answer. */
export interface StsHostReport {
  readonly host: string
  readonly calls: number
  /** The number of calls without an answer. */
  readonly failures: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly lastFailure: { readonly time: string; readonly error: string } | null
}

/** A call to STS that says nothing about its token. */
export interface StsFailure {
  readonly reason: ReasonCode
  readonly error: string
}

export interface StsActivity {
  /** Wraps a client to record its calls. */
  readonly watch: (askSts: AskSts) => AskSts
  /** Must be called after a login was granted through the host. */
  readonly granted: (host: string) => void
  /** The reason why STS counts as unreachable; null while it does not. */
  readonly fault: () => string | null
  /** The last call, if it failed recently, was throttled, or was answered by something else; null if it got an answer of STS. */
  readonly lastFailure: () => StsFailure | null
  readonly report: () => readonly StsHostReport[]
}

/**
 * The evidence that a host is an STS host, weakest first: none, it has answered and AWS publishes its region, or a login was granted
 * through it.
 */
const BELIEFS = ['none', 'answered', 'granted'] as const

interface HostRecord {
  calls: number
  failures: number
  belief: (typeof BELIEFS)[number]
  samples: { readonly at: number; readonly ms: number }[]
  lastFailure: { readonly time: string; readonly error: string } | null
}

/** The reasons of refusals after a call was made. */
const CALLED: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'bad_signature',
  'unknown_key',
  'expired',
  'sts_refused',
  'sts_throttled',
  'sts_unreachable',
  'sts_bad_answer',
])

/** The reasons of failed calls. Only the first one makes STS unreachable. */
const FAILED: ReadonlySet<ReasonCode> = new Set<ReasonCode>(['sts_unreachable', 'sts_throttled', 'sts_bad_answer'])

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

/** The record of a host, which may be new. */
function recordOf(hosts: Map<string, HostRecord>, host: string): HostRecord {
  const known = hosts.get(host)
  if (known !== undefined) return known
  if (hosts.size >= MAX_REPORTED_HOSTS) makeRoom(hosts)
  const record: HostRecord = { calls: 0, failures: 0, belief: 'none', samples: [], lastFailure: null }
  hosts.set(host, record)
  return record
}

/**
 * Records the answers of STS. Calls to hosts without evidence count for reachability only until a host with evidence has answered: a
 * token may name any region, and a proxy that inspects TLS answers for each of them.
 */
export function createStsActivity(now: () => Date): StsActivity {
  const hosts = new Map<string, HostRecord>()
  let failedAt: number[] = []
  let lastFailure: (StsFailure & { readonly at: number }) | null = null
  let hasBelievedHost = false

  const isRelevant = (record: HostRecord): boolean => !hasBelievedHost || record.belief !== 'none'
  const answered = (host: string, record: HostRecord, ms: number): void => {
    if (record.belief === 'none' && isPublishedStsHost(host)) record.belief = 'answered'
    hasBelievedHost ||= record.belief !== 'none'
    if (isRelevant(record)) {
      failedAt = []
      lastFailure = null
    }
    record.samples.push({ at: now().getTime(), ms })
    if (record.samples.length > MAX_SAMPLES) record.samples.shift()
  }
  const failed = (record: HostRecord, error: string): void => {
    const time = now()
    record.failures += 1
    record.lastFailure = { time: time.toISOString(), error }
    if (isRelevant(record)) failedAt = [...failedAt, time.getTime()].slice(-FAILURES)
  }
  return {
    watch: (askSts) => async (request) => {
      const startedAt = performance.now()
      const answer = await askSts(request)
      if (answer instanceof Refusal && !CALLED.has(answer.reason)) return answer
      const record = recordOf(hosts, request.host)
      record.calls += 1
      if (answer instanceof Refusal && answer.reason === 'sts_unreachable') failed(record, answer.message)
      else answered(request.host, record, performance.now() - startedAt)
      if (answer instanceof Refusal && FAILED.has(answer.reason) && isRelevant(record)) {
        lastFailure = { at: now().getTime(), reason: answer.reason, error: answer.message }
      }
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
      if (failedAt.length < FAILURES || oldest === undefined || now().getTime() - oldest > RECENT_MS) return null
      const why = `${lastFailure?.error ?? ''}: ${REFUSAL_ADVICE.sts_unreachable}`
      return `STS does not answer: the last ${FAILURES} calls failed: ${why}`
    },
    lastFailure: () => (lastFailure === null || now().getTime() - lastFailure.at > WINDOW_MS ? null : lastFailure),
    report: () => [...hosts].map(([host, record]) => reportOf(host, record, now().getTime() - WINDOW_MS)),
  }
}
