import { Histogram, type Registry } from 'prom-client'
import { createMetricFactory, METRIC_PREFIX } from './metric-factory.ts'

/** Metrics of the files that the server loads again while it runs. */
export interface DynamicFileMetrics {
  /** The dynamic file can't be read or has errors. */
  readonly dynamicFileFailed: () => void
  /** A file was loaded again; `updatedAt` is its own time in seconds since the epoch, null if it has none. */
  readonly dynamicallyReloaded: (type: 'dynamic_file' | 'dynamic_backend_mode', updatedAt: number | null) => void
  /** Whether DynamicFile is an active backend, and the only one. */
  readonly dynamicFileEnabled: (isEnabled: boolean, isOnly: boolean) => void
}

export function createDynamicFileMetrics(registry: Registry, now: () => Date): DynamicFileMetrics {
  const { counter, gauge } = createMetricFactory(registry)
  const failures = counter('dynamicfile_failures_total', 'Dynamic file failures')
  const endToEnd = new Histogram({
    name: `${METRIC_PREFIX}dynamic_e2e_latency_seconds`,
    help: 'End to end latency in seconds partitioned by type.',
    labelNames: ['type'],
    buckets: [1, 3, 5, 10, 15, 20, 30, 60],
    registers: [registry],
  })
  const enabled = gauge('dynamic_file_enabled', 'Dynamic file in backend mode is enabled')
  const only = gauge('dynamic_file_only', 'Only dynamic file in backend mode is enabled')
  return {
    dynamicFileFailed: () => failures.inc(),
    dynamicallyReloaded: (type, updatedAt) => {
      const seconds = updatedAt === null ? -1 : Math.floor(now().getTime() / 1000) - updatedAt
      // The latency of a file from the future is unknown.
      if (seconds >= 0) endToEnd.observe({ type }, seconds)
    },
    dynamicFileEnabled: (isEnabled, isOnly) => {
      enabled.set(isEnabled ? 1 : 0)
      only.set(isOnly ? 1 : 0)
    },
  }
}
