import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Registry } from 'prom-client'
import type { LookUpPrivateDnsName } from '../ec2/private-dns-names.ts'
import { NO_ERRORS, type SourceErrors } from '../log/log-problems.ts'
import type { OnDecision } from '../login/decision.ts'
import type { KeysReport } from '../jwt/key-source.ts'
import type { AskSts } from '../sts/sts-client.ts'
import type { OnHandshakeFailed } from '../tls/failed-handshakes.ts'
import type { CertificateFollower } from '../tls/serving-certificate.ts'
import type { Build } from '../util/build.ts'
import { AuditLog } from './audit-log.ts'
import {
  createBackendActivity,
  reportModeFile,
  type BackendActivity,
  type BackendModeFileReport,
} from './backend-activity.ts'
import { createCertificateTrust, type CertificateTrust } from './certificate-trust.ts'
import { PING, type Check, type HealthChecks } from './checks.ts'
import { createOperationsMetrics } from '../metrics/operations-metrics.ts'
import { createEc2Activity, type Ec2Activity } from './ec2-activity.ts'
import { createHandshakeActivity, type HandshakeActivity } from './handshake-activity.ts'
import { createRecentDecisions, type RecentDecisions } from './recent-decisions.ts'
import { statusOf } from './status.ts'
import { createStsActivity, type StsActivity } from './sts-activity.ts'

interface OperationsOptions {
  readonly registry: Registry
  readonly build: Build
  readonly clusterId: string
  readonly partition: string
  /** Null for none. */
  readonly auditLogPath: string | null
  /** Null for none. */
  readonly backendModePath: string | null
  readonly snapshots: () => readonly BackendSnapshot[]
  /** The keys of each issuer of JWTs. */
  readonly signingKeys: () => readonly KeysReport[]
  readonly log: Log
  readonly now: () => Date
}

/** The parts that show operators the state of the server. */
export interface Operations {
  readonly checks: HealthChecks
  readonly decided: OnDecision
  readonly watchSts: (askSts: AskSts) => AskSts
  readonly watchEc2: (lookUp: LookUpPrivateDnsName) => LookUpPrivateDnsName
  readonly backendChanged: (mode: BackendMode, errors: SourceErrors) => void
  /** @param fault Why the backend mode file is not active; null if it is, or does not exist. */
  readonly backendModeFileChanged: (errors: SourceErrors, fault: string | null) => void
  readonly handshakeFailed: OnHandshakeFailed
  /** See {@link CertificateTrust}. */
  readonly certificateReplaced: CertificateTrust['replaced']
  readonly certificateExpires: (at: Date) => void
  /** Sets the certificate to check and to show. */
  readonly serves: (certificate: CertificateFollower) => void
  /** The state of the server as JSON. */
  readonly status: () => string
  readonly reopenAuditLog: () => void
  /** Makes the readiness check fail. */
  readonly stopping: () => void
  readonly stop: () => Promise<void>
}

function backendCheck({ mode, index, fault }: BackendSnapshot): Check {
  return {
    name: `backend-${mode}`,
    fault: () => (index === null ? `backend ${mode} is not loaded: ${fault ?? 'it is still loading'}` : null),
  }
}

function keysCheck({ issuer, keys, fault }: KeysReport): Check {
  return {
    name: `signing-keys-${new URL(issuer).host}`,
    fault: () => (keys === 0 ? `the keys of ${issuer} are not loaded: ${fault ?? 'they are still loading'}` : null),
  }
}

/** The recorders of what `/status` shows. */
interface Activity {
  readonly sts: StsActivity
  readonly ec2: Ec2Activity
  readonly trust: CertificateTrust
  readonly backends: BackendActivity
  readonly handshakes: HandshakeActivity
  readonly decisions: RecentDecisions
}

/** The parts of the status that change while the server runs, and its certificate. */
interface StatusParts {
  readonly activity: Activity
  readonly startedAt: Date
  readonly certificate: CertificateFollower
  readonly checks: readonly Check[]
  readonly auditLog: AuditLog | null
  readonly backendModeFile: BackendModeFileReport | null
}

function renderStatus(
  { build, clusterId, partition, auditLogPath: path, snapshots, signingKeys, now }: OperationsOptions,
  { activity, auditLog, ...parts }: StatusParts,
): string {
  const { sts, ec2, trust, backends, handshakes, decisions } = activity
  const status = statusOf({
    ...parts,
    build,
    clusterId,
    partition,
    now: now(),
    backends: snapshots().map(backends.report),
    sts: sts.report(),
    signingKeys: signingKeys(),
    lastStsFailure: sts.lastFailure(),
    lastEc2Error: ec2.lastError(),
    distrust: trust.fault(),
    handshakes: handshakes.report(),
    decisions,
    auditLog: path === null || auditLog === null ? null : { path, fault: auditLog.fault },
  })
  return JSON.stringify(status)
}

function createActivity(now: () => Date): Activity {
  return {
    sts: createStsActivity(now),
    ec2: createEc2Activity(now),
    trust: createCertificateTrust(),
    backends: createBackendActivity(now),
    handshakes: createHandshakeActivity(now),
    decisions: createRecentDecisions(now),
  }
}

export function createOperations(options: OperationsOptions): Operations {
  const { registry, build, auditLogPath: path, backendModePath, snapshots, signingKeys, log, now } = options
  const metrics = createOperationsMetrics(registry, build, snapshots)
  const activity = createActivity(now)
  const { sts, ec2, trust, backends, handshakes, decisions } = activity
  const auditLog = path === null ? null : new AuditLog({ path, log, now, onLost: metrics.auditLost })
  const startedAt = now()
  let certificate: CertificateFollower | null = null
  let backendModeFile = backendModePath === null ? null : reportModeFile(backendModePath, NO_ERRORS, null)
  let isStopping = false

  const ready = (): readonly Check[] => [
    PING,
    { name: 'shutdown', fault: () => (isStopping ? 'the server is stopping' : null) },
    { name: 'certificate', fault: () => (certificate === null ? 'no certificate is loaded yet' : certificate.fault()) },
    ...snapshots().map(backendCheck),
    { name: 'sts', fault: sts.fault },
    ...signingKeys().map(keysCheck),
  ]
  return {
    checks: { live: () => [PING], ready },
    decided: (decision) => {
      if (decision.subject !== 'token') return
      decisions.note(decision)
      trust.asked(decision.client)
      if (decision.reason === null && decision.stsHost !== null) sts.granted(decision.stsHost)
      auditLog?.note(decision)
    },
    watchSts: sts.watch,
    watchEc2: ec2.watch,
    backendChanged: backends.changed,
    backendModeFileChanged: (errors, fault) => {
      if (backendModePath !== null) backendModeFile = reportModeFile(backendModePath, errors, fault)
    },
    certificateReplaced: trust.replaced,
    handshakeFailed: (cause, code) => {
      metrics.handshakeFailed(cause)
      handshakes.failed(cause, code)
    },
    certificateExpires: metrics.certificateExpires,
    serves: (follower) => {
      certificate = follower
    },
    status: () => {
      if (certificate === null) return '{}'
      return renderStatus(options, { activity, startedAt, certificate, checks: ready(), auditLog, backendModeFile })
    },
    reopenAuditLog: () => {
      if (auditLog === null) return
      auditLog.reopen()
      log.info('reopening the audit log', { auditLog: path ?? '' })
    },
    stopping: () => {
      isStopping = true
    },
    stop: async () => auditLog?.close(),
  }
}
