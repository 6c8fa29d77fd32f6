import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Registry } from 'prom-client'
import type { Decision } from '../login/decision.ts'
import type { AskSts } from '../sts/sts-client.ts'
import type { CertificateFollower } from '../tls/serving-certificate.ts'
import type { Build } from '../util/build.ts'
import { openAuditLog } from './audit-log.ts'
import { createBackendActivity } from './backend-activity.ts'
import { PING, type Check, type HealthChecks } from './checks.ts'
import { createOperationsMetrics } from '../metrics/operations-metrics.ts'
import { createRecentDecisions } from './recent-decisions.ts'
import { statusOf, type ServerStatus } from './status.ts'
import { createStsActivity } from './sts-activity.ts'

export interface OperationsOptions {
  readonly registry: Registry
  readonly build: Build
  readonly clusterId: string
  readonly partition: string
  /** Null for none. */
  readonly auditLogPath: string | null
  readonly snapshots: () => readonly BackendSnapshot[]
  readonly log: Log
  readonly now: () => Date
}

/** What tells operators how the server is. */
export interface Operations {
  readonly checks: HealthChecks
  readonly decided: (decision: Decision) => void
  readonly watchSts: (askSts: AskSts) => AskSts
  readonly backendChanged: (mode: BackendMode, source: string, errors: number) => void
  readonly certificateExpires: (at: Date) => void
  /** The certificate that is served; from then on it is one of the checks. */
  readonly serves: (certificate: CertificateFollower) => void
  /** The state of the server as JSON. */
  readonly status: () => string
  readonly reopenAuditLog: () => void
  /** Not ready any more. */
  readonly stopping: () => void
  readonly stop: () => Promise<void>
}

function backendCheck({ mode, index, fault }: BackendSnapshot): Check {
  return { name: `backend-${mode}`, fault: () => (index === null ? (fault ?? 'not loaded yet') : null) }
}

export function createOperations(options: OperationsOptions): Operations {
  const { registry, build, clusterId, partition, auditLogPath, snapshots, log, now } = options
  const metrics = createOperationsMetrics(registry, build, snapshots)
  const sts = createStsActivity(now)
  const backends = createBackendActivity(now)
  const decisions = createRecentDecisions(now)
  const auditLog =
    auditLogPath === null ? null : openAuditLog({ path: auditLogPath, log, now, lost: metrics.auditLost })
  const auditLogStatus = (): ServerStatus['auditLog'] =>
    auditLog === null || auditLogPath === null ? null : { path: auditLogPath, fault: auditLog.fault() }
  const startedAt = now()
  let certificate: CertificateFollower | null = null
  let isStopping = false

  const ready = (): readonly Check[] => [
    PING,
    { name: 'shutdown', fault: () => (isStopping ? 'the server is stopping' : null) },
    { name: 'certificate', fault: () => (certificate === null ? 'none is loaded yet' : certificate.fault()) },
    ...snapshots().map(backendCheck),
    { name: 'sts', fault: sts.fault },
  ]
  return {
    checks: { live: () => [PING], ready },
    decided: (decision) => {
      decisions.note(decision)
      if (decision.reason === null && decision.stsHost !== null) sts.granted(decision.stsHost)
      auditLog?.note(decision)
    },
    watchSts: sts.watch,
    backendChanged: backends.changed,
    certificateExpires: metrics.certificateExpires,
    serves: (follower) => {
      certificate = follower
    },
    status: () => {
      if (certificate === null) return '{}'
      const status = statusOf({
        build,
        clusterId,
        partition,
        startedAt,
        now,
        certificate,
        checks: ready,
        backends: () => snapshots().map(backends.report),
        sts: sts.report,
        decisions,
        auditLog: auditLogStatus,
      })
      return JSON.stringify(status)
    },
    reopenAuditLog: () => {
      if (auditLog === null) return
      auditLog.reopen()
      log.info('opening the audit log anew', { auditLog: auditLogPath ?? '' })
    },
    stopping: () => {
      isStopping = true
    },
    stop: async () => {
      await auditLog?.close()
    },
  }
}
