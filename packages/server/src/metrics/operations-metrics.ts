import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import { Counter, Gauge, type Registry } from 'prom-client'
import { METRIC_PREFIX } from './prefix.ts'
import { runtimeName, type Build } from '../util/build.ts'

interface OperationsMetrics {
  readonly certificateExpires: (at: Date) => void
  readonly auditLost: (count: number) => void
}

/** Creates the metrics about the server itself. */
export function createOperationsMetrics(
  registry: Registry,
  build: Build,
  snapshots: () => readonly BackendSnapshot[],
): OperationsMetrics {
  const registers = [registry]
  const expiry = new Gauge({
    name: `${METRIC_PREFIX}certificate_expiry_timestamp_seconds`,
    help: 'When the certificate that is served expires, in seconds since the epoch',
    registers,
  })
  const auditLost = new Counter({
    name: `${METRIC_PREFIX}audit_lost_total`,
    help: 'Decisions that could not be written to the audit log',
    registers,
  })
  const info = new Gauge({
    name: `${METRIC_PREFIX}build_info`,
    help: 'The build that runs: always 1',
    labelNames: ['version', 'commit', 'runtime'],
    registers,
  })
  info.set({ ...build, runtime: runtimeName() }, 1)
  const synced = new Gauge({
    name: `${METRIC_PREFIX}backend_synced`,
    help: 'Whether an active backend has loaded its mappings and follows its source',
    labelNames: ['backend'],
    registers,
    collect: () => {
      synced.reset()
      for (const { mode, index, fault } of snapshots()) {
        synced.set({ backend: mode }, index !== null && fault === null ? 1 : 0)
      }
    },
  })
  return {
    certificateExpires: (at) => expiry.set(at.getTime() / 1000),
    auditLost: (count) => auditLost.inc(count),
  }
}
