import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import { reasons, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { createLabelValues } from './metric-labels.ts'
import type { StsObserver } from '../sts/sts-client.ts'
import { createLoadMetrics, type LoadMetrics } from './load-metrics.ts'

/** What the names of all our metrics begin with. */
export const METRIC_PREFIX = 'aws_iam_authenticator_'

export interface Metrics {
  readonly registry: Registry
  readonly sts: StsObserver
  /** The region is configured, or a login was granted through it: metrics name it from now on. */
  readonly regionProven: (region: string) => void
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

/**
 * Values of the label StsRegion: the published regions, `global`, and regions that are configured or through which a login was
 * granted. Whoever sends tokens can name any region, and a proxy that inspects TLS answers for each of them.
 */
export const MAX_REGION_LABELS = 64

/** Values of the label source: files and objects that the configuration names. */
export const MAX_SOURCE_LABELS = 16

/** Values of the label ResponseCode: the statuses of STS, and those of proxies in between. */
export const STATUS_LABELS: readonly string[] =
  '200 301 302 303 307 308 400 401 403 404 405 407 408 413 429 500 502 503 504'.split(' ')

/** The server's metrics, on a registry of their own. Names and labels are those that dashboards have. */
export function createMetrics(now: () => Date): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const regions = createLabelValues(MAX_REGION_LABELS, ['global', ...publishedRegions])
  const statuses = createLabelValues(STATUS_LABELS.length, STATUS_LABELS)
  const sources = createLabelValues(MAX_SOURCE_LABELS)
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
        responses.inc({ ResponseCode: statuses.of(String(status)), StsRegion: regions.of(region) }),
      throttled: (region) => throttling.inc({ StsRegion: regions.of(region) }),
      connectionFailed: (region) => connectionFailures.inc({ StsRegion: regions.of(region) }),
      retried: (region) => retries.inc({ StsRegion: regions.of(region) }),
    },
    regionProven: regions.admit,
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
    mappingProblems: (source, count) => {
      sources.admit(source)
      problems.set({ source: sources.of(source) }, count)
    },
    memoryLimited: (bytes) => {
      const name = `${METRIC_PREFIX}memory_limit_bytes`
      new Gauge({ name, help: 'Memory that the control groups of this process let it have', registers }).set(bytes)
    },
  }
}
