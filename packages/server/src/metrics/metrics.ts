import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createDecisionMetrics } from './decision-metrics.ts'
import { createDynamicFileMetrics, type DynamicFileMetrics } from './dynamic-file-metrics.ts'
import { createLoadMetrics, type LoadMetrics } from './load-metrics.ts'
import { createMetricFactory } from './metric-factory.ts'
import { createLabelValues } from '../util/label-values.ts'
import { createStsMetrics, type StsMetrics } from './sts-metrics.ts'

/** The cap of the label source: files and objects that the configuration names. */
export const MAX_SOURCE_LABELS = 16

export interface Metrics extends DynamicFileMetrics, StsMetrics {
  readonly registry: Registry
  readonly load: LoadMetrics
  /** Records a decision and its latency in seconds. The reason is null for a granted login. */
  readonly decided: (reason: ReasonCode | null, seconds: number) => void
  readonly configMapWatchFailed: () => void
  /** A call of EC2 DescribeInstances was made. */
  readonly ec2DescribeInstancesCalled: () => void
  /** Sets the number of errors in a source of mappings. */
  readonly mappingProblems: (source: string, count: number) => void
  /** The keys of an issuer of JWTs were read, or could not be. */
  readonly signingKeysRead: (issuer: string, succeeded: boolean) => void
  /** Sets the memory limit of this process, in bytes. */
  readonly memoryLimited: (bytes: number) => void
}

function createMappingProblems(registry: Registry): Metrics['mappingProblems'] {
  const sources = createLabelValues(MAX_SOURCE_LABELS)
  const help = 'Errors in a source of mappings, as it was last read'
  const problems = createMetricFactory(registry).gauge('mapping_errors', help, ['source'])
  return (source, count) => {
    sources.admit(source)
    problems.set({ source: sources.of(source) }, count)
  }
}

/** The label is bounded by the limit of issuers in the configuration. */
function createSigningKeysRead(registry: Registry): Metrics['signingKeysRead'] {
  const help = 'Whether the keys of an issuer of JWTs were read at the last attempt'
  const synced = createMetricFactory(registry).gauge('signing_keys_synced', help, ['issuer'])
  return (issuer, succeeded) => synced.set({ issuer }, succeeded ? 1 : 0)
}

/**
 * Creates the server's metrics on a registry of their own. Existing dashboards use their names and labels. The help texts of metrics
 * that older releases have are theirs, word for word.
 */
export function createMetrics(now: () => Date): Metrics {
  const registry = new Registry()
  const { counter, gauge } = createMetricFactory(registry)
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  // Metrics are shown in the order of their creation.
  const decided = createDecisionMetrics(registry)
  const stsMetrics = createStsMetrics(registry)
  const watchFailures = counter('configmap_watch_failures_total', 'EKS Configmap watch failures')
  const ec2Calls = counter('ec2_describe_instances_calls_total', 'Number of EC2 describe instances calls.')
  return {
    registry,
    ...stsMetrics,
    decided,
    configMapWatchFailed: () => watchFailures.inc(),
    ec2DescribeInstancesCalled: () => ec2Calls.inc(),
    ...createDynamicFileMetrics(registry, now),
    mappingProblems: createMappingProblems(registry),
    signingKeysRead: createSigningKeysRead(registry),
    load: createLoadMetrics(registry),
    memoryLimited: (bytes) =>
      gauge('memory_limit_bytes', 'Memory limit of this process by its control groups').set(bytes),
  }
}
