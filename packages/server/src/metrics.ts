import { reasons, type BackendMode, type ReasonCode } from '@aws-iam-authenticator/core'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { StsObserver } from './sts.ts'
import { createLoadMetrics, type LoadMetrics } from './sts/load-metrics.ts'

/** What the names of all our metrics begin with. */
export const METRIC_PREFIX = 'aws_iam_authenticator_'

export interface Metrics {
  readonly registry: Registry
  readonly sts: StsObserver
  readonly load: LoadMetrics
  /** A login that was let in or refused, and how long that took in seconds. */
  readonly decided: (reason: ReasonCode | null, seconds: number) => void
  readonly configMapWatchFailed: () => void
  /** A call of EC2 DescribeInstances. */
  readonly ec2DescribeInstancesCalled: () => void
  /** The dynamic file can't be read, or something in it is wrong. */
  readonly dynamicFileFailed: () => void
  /** A file was loaded again; `updatedAt` is when it was made, in seconds since the epoch, null where it does not say. */
  readonly dynamicallyReloaded: (type: 'dynamic_file' | 'dynamic_backend_mode', updatedAt: number | null) => void
  /** Which backends are in force. */
  readonly backendsReplaced: (modes: readonly BackendMode[]) => void
  /** How many problems a source of mappings has at present. */
  readonly mappingProblems: (source: string, count: number) => void
  /** The memory, in bytes, that this process may have. */
  readonly memoryLimited: (bytes: number) => void
}

/** How many latencies wait to be observed together, which takes a fraction of one by one. */
const MAX_OBSERVATIONS = 256

/** How many regions get a label of their own before they have answered. */
const MAX_UNPROVEN_REGIONS = 32

/**
 * Bounds the labels for regions, which whoever sends a token can invent: those that have answered are real, of the others
 * only the first few are told apart.
 */
function createRegionLabels(): { answered: (region: string) => string; failed: (region: string) => string } {
  const proven = new Set<string>()
  const unproven = new Set<string>()
  return {
    answered: (region) => {
      proven.add(region)
      return region
    },
    failed: (region) => {
      if (proven.has(region) || unproven.has(region)) return region
      if (unproven.size >= MAX_UNPROVEN_REGIONS) return 'other'
      unproven.add(region)
      return region
    },
  }
}

/** The server's metrics, on a registry of their own. Names and labels are those that dashboards have. */
export function createMetrics(now: () => Date): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const regions = createRegionLabels()
  const latency: Histogram<'result'> = new Histogram({
    name: `${METRIC_PREFIX}authenticate_latency_seconds`,
    help: 'Latency of authenticate requests, by result',
    labelNames: ['result'],
    registers,
    collect: () => observeAll(),
  })
  let observations: (readonly [result: string, seconds: number])[] = []
  const observeAll = (): void => {
    for (const [result, seconds] of observations) latency.observe({ result }, seconds)
    observations = []
  }
  const refusals = new Counter({
    name: `${METRIC_PREFIX}refusals_total`,
    help: 'Logins refused, by reason',
    labelNames: ['reason'],
    registers,
  })
  const connectionFailures = new Counter({
    name: `${METRIC_PREFIX}sts_connection_failures_total`,
    help: 'Calls to STS that got no answer',
    labelNames: ['StsRegion'],
    registers,
  })
  const throttling = new Counter({
    name: `${METRIC_PREFIX}sts_throttling_total`,
    help: 'Calls that STS throttled',
    labelNames: ['StsRegion'],
    registers,
  })
  const responses = new Counter({
    name: `${METRIC_PREFIX}sts_responses_total`,
    help: 'Answers of STS, by HTTP status',
    labelNames: ['ResponseCode', 'StsRegion'],
    registers,
  })
  const retries = new Counter({
    name: `${METRIC_PREFIX}sts_retries_total`,
    help: 'Calls to STS that were made once more, for the connection was lost before an answer',
    labelNames: ['StsRegion'],
    registers,
  })
  const watchFailures = new Counter({
    name: `${METRIC_PREFIX}configmap_watch_failures_total`,
    help: 'Watches of aws-auth that failed',
    registers,
  })
  const ec2Calls = new Counter({
    name: `${METRIC_PREFIX}ec2_describe_instances_calls_total`,
    help: 'Calls of EC2 DescribeInstances',
    registers,
  })
  const dynamicFileFailures = new Counter({
    name: `${METRIC_PREFIX}dynamicfile_failures_total`,
    help: 'Loads of the dynamic file that failed',
    registers,
  })
  const endToEnd = new Histogram({
    name: `${METRIC_PREFIX}dynamic_e2e_latency_seconds`,
    help: 'From the LastUpdatedDateTime of a file to its load',
    labelNames: ['type'],
    buckets: [1, 3, 5, 10, 15, 20, 30, 60],
    registers,
  })
  const dynamicFileEnabled = new Gauge({
    name: `${METRIC_PREFIX}dynamic_file_enabled`,
    help: 'Whether DynamicFile is one of the backends',
    registers,
  })
  const dynamicFileOnly = new Gauge({
    name: `${METRIC_PREFIX}dynamic_file_only`,
    help: 'Whether DynamicFile is the only backend',
    registers,
  })
  const problems = new Gauge({
    name: `${METRIC_PREFIX}mapping_errors`,
    help: 'Errors in a source of mappings, as it was last read',
    labelNames: ['source'],
    registers,
  })
  for (const reason of Object.keys(reasons)) refusals.inc({ reason }, 0)
  return {
    registry,
    sts: {
      answered: (region, status) =>
        responses.inc({ ResponseCode: String(status), StsRegion: regions.answered(region) }),
      throttled: (region) => throttling.inc({ StsRegion: region }),
      connectionFailed: (region) => connectionFailures.inc({ StsRegion: regions.failed(region) }),
      retried: (region) => retries.inc({ StsRegion: regions.failed(region) }),
    },
    load: createLoadMetrics(METRIC_PREFIX, registry),
    decided: (reason, seconds) => {
      observations.push([reason === null ? 'success' : reasons[reason].result, seconds])
      if (observations.length === MAX_OBSERVATIONS) observeAll()
      if (reason !== null) refusals.inc({ reason })
    },
    configMapWatchFailed: () => watchFailures.inc(),
    ec2DescribeInstancesCalled: () => ec2Calls.inc(),
    dynamicFileFailed: () => dynamicFileFailures.inc(),
    dynamicallyReloaded: (type, updatedAt) => {
      const seconds = updatedAt === null ? -1 : Math.floor(now().getTime() / 1000) - updatedAt
      // A file from the future says nothing of how long it took.
      if (seconds >= 0) endToEnd.observe({ type }, seconds)
    },
    backendsReplaced: (modes) => {
      const isEnabled = modes.includes('DynamicFile')
      dynamicFileEnabled.set(isEnabled ? 1 : 0)
      dynamicFileOnly.set(isEnabled && modes.length === 1 ? 1 : 0)
    },
    mappingProblems: (source, count) => problems.set({ source }, count),
    memoryLimited: (bytes) => {
      const name = `${METRIC_PREFIX}memory_limit_bytes`
      new Gauge({ name, help: 'Memory that the control groups of this process let it have', registers }).set(bytes)
    },
  }
}
