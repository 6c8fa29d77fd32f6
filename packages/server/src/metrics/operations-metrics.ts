import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { Registry } from 'prom-client'
import { createMetricFactory } from './metric-factory.ts'
import { HANDSHAKE_CAUSES, type HandshakeCause } from '../tls/handshake-causes.ts'
import { runtimeName, type Build } from '../util/build.ts'

interface OperationsMetrics {
  readonly certificateExpires: (at: Date) => void
  readonly auditLost: (count: number) => void
  readonly handshakeFailed: (cause: HandshakeCause) => void
}

/** Creates the metrics about the server itself. */
export function createOperationsMetrics(
  registry: Registry,
  build: Build,
  snapshots: () => readonly BackendSnapshot[],
): OperationsMetrics {
  const { counter, gauge } = createMetricFactory(registry)
  const expiry = gauge(
    'certificate_expiry_timestamp_seconds',
    'When the certificate that is served expires, in seconds since the epoch',
  )
  const auditLost = counter('audit_lost_total', 'Decisions that could not be written to the audit log')
  const handshakes = counter('tls_handshake_failures_total', 'TLS handshakes that failed', ['cause'])
  for (const cause of HANDSHAKE_CAUSES) handshakes.inc({ cause }, 0)
  gauge('build_info', 'The build that runs: always 1', ['version', 'commit', 'runtime']).set(
    { ...build, runtime: runtimeName() },
    1,
  )
  gauge(
    'backend_synced',
    'Whether an active backend has loaded its mappings and follows its source',
    ['backend'],
    (synced) => {
      synced.reset()
      for (const { mode, index, fault } of snapshots()) {
        synced.set({ backend: mode }, index !== null && fault === null ? 1 : 0)
      }
    },
  )
  return {
    certificateExpires: (at) => expiry.set(at.getTime() / 1000),
    auditLost: (count) => auditLost.inc(count),
    handshakeFailed: (cause) => handshakes.inc({ cause }),
  }
}
