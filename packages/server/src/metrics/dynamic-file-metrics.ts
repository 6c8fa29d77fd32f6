import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { METRIC_PREFIX } from './prefix.ts'

/** Metrics of the files that the server loads again while it runs. */
export interface DynamicFileMetrics {
  /** The dynamic file can't be read or has errors. */
  readonly dynamicFileFailed: () => void
  /** A file was loaded again; `updatedAt` is its own time in seconds since the epoch, null if it has none. */
  readonly dynamicallyReloaded: (type: 'dynamic_file' | 'dynamic_backend_mode', updatedAt: number | null) => void
  /** Another list of backends is active. */
  readonly backendsReplaced: (modes: readonly BackendMode[]) => void
}

export function createDynamicFileMetrics(registry: Registry, now: () => Date): DynamicFileMetrics {
  const registers = [registry]
  const failures = new Counter({
    name: `${METRIC_PREFIX}dynamicfile_failures_total`,
    help: 'Dynamic file failures',
    registers,
  })
  const endToEnd = new Histogram({
    name: `${METRIC_PREFIX}dynamic_e2e_latency_seconds`,
    help: 'End to end latency in seconds partitioned by type.',
    labelNames: ['type'],
    buckets: [1, 3, 5, 10, 15, 20, 30, 60],
    registers,
  })
  const enabled = new Gauge({
    name: `${METRIC_PREFIX}dynamic_file_enabled`,
    help: 'Dynamic file in backend mode is enabled',
    registers,
  })
  const only = new Gauge({
    name: `${METRIC_PREFIX}dynamic_file_only`,
    help: 'Only dynamic file in backend mode is enabled',
    registers,
  })
  return {
    dynamicFileFailed: () => failures.inc(),
    dynamicallyReloaded: (type, updatedAt) => {
      const seconds = updatedAt === null ? -1 : Math.floor(now().getTime() / 1000) - updatedAt
      // The latency of a file from the future is unknown.
      if (seconds >= 0) endToEnd.observe({ type }, seconds)
    },
    backendsReplaced: (modes) => {
      const isEnabled = modes.includes('DynamicFile')
      enabled.set(isEnabled ? 1 : 0)
      only.set(isEnabled && modes.length === 1 ? 1 : 0)
    },
  }
}
