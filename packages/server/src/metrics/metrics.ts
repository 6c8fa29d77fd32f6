import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { StsObserver } from '../sts/sts-client.ts'
import { createDecisionMetrics } from './decision-metrics.ts'
import { createDynamicFileMetrics, type DynamicFileMetrics } from './dynamic-file-metrics.ts'
import { createLoadMetrics, type LoadMetrics } from './load-metrics.ts'
import { createLabelValues } from './metric-labels.ts'
import { METRIC_PREFIX } from './prefix.ts'
import { createStsMetrics } from './sts-metrics.ts'

/** The cap of the label source: files and objects that the configuration names. */
export const MAX_SOURCE_LABELS = 16

export interface Metrics extends DynamicFileMetrics {
  readonly registry: Registry
  readonly sts: StsObserver
  /** The region is configured, or a login was granted through it: it gets a label of its own. */
  readonly regionProven: (region: string) => void
  readonly load: LoadMetrics
  /** Records a decision and its latency in seconds. The reason is null for a granted login. */
  readonly decided: (reason: ReasonCode | null, seconds: number) => void
  readonly configMapWatchFailed: () => void
  /** A call of EC2 DescribeInstances was made. */
  readonly ec2DescribeInstancesCalled: () => void
  /** Sets the number of errors in a source of mappings. */
  readonly mappingProblems: (source: string, count: number) => void
  /** Sets the memory limit of this process, in bytes. */
  readonly memoryLimited: (bytes: number) => void
}

function createMappingProblems(registry: Registry): Metrics['mappingProblems'] {
  const sources = createLabelValues(MAX_SOURCE_LABELS)
  const problems = new Gauge({
    name: `${METRIC_PREFIX}mapping_errors`,
    help: 'Errors in a source of mappings, as it was last read',
    labelNames: ['source'],
    registers: [registry],
  })
  return (source, count) => {
    sources.admit(source)
    problems.set({ source: sources.of(source) }, count)
  }
}

/**
 * Creates the server's metrics on a registry of their own. Existing dashboards use their names and labels. The help texts of metrics
 * that older releases have are theirs, word for word.
 */
export function createMetrics(now: () => Date): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // Metrics are shown in the order of their creation.
  const decided = createDecisionMetrics(registry)
  const { observer, regionProven } = createStsMetrics(registry)
  const watchFailures = new Counter({
    name: `${METRIC_PREFIX}configmap_watch_failures_total`,
    help: 'EKS Configmap watch failures',
    registers,
  })
  const ec2Calls = new Counter({
    name: `${METRIC_PREFIX}ec2_describe_instances_calls_total`,
    help: 'Number of EC2 describe instances calls.',
    registers,
  })
  return {
    registry,
    sts: observer,
    regionProven,
    decided,
    configMapWatchFailed: () => watchFailures.inc(),
    ec2DescribeInstancesCalled: () => ec2Calls.inc(),
    ...createDynamicFileMetrics(registry, now),
    mappingProblems: createMappingProblems(registry),
    load: createLoadMetrics(registry),
    memoryLimited: (bytes) => {
      const name = `${METRIC_PREFIX}memory_limit_bytes`
      new Gauge({ name, help: 'Memory that the control groups of this process let it have', registers }).set(bytes)
    },
  }
}
