import type { Socket } from 'node:net'
import type { CertificateFollower } from '../tls/serving-certificate.ts'
import { runtimeName, type Build } from '../util/build.ts'
import type { BackendReport } from './backend-activity.ts'
import type { Check } from './checks.ts'
import type { RecentDecisions, RecentRefusal } from './recent-decisions.ts'
import type { StsHostReport } from './sts-activity.ts'

/** The state of a running server. It contains no token, no key, and nothing about scrubbed accounts. */
interface ServerStatus {
  readonly version: string
  readonly commit: string
  readonly runtime: string
  readonly pid: number
  readonly clusterId: string
  readonly partition: string
  readonly startedAt: string
  readonly uptimeSeconds: number
  readonly certificate: {
    readonly sha256: string
    readonly notBefore: string
    readonly notAfter: string
    readonly keyType: string
    readonly names: string
    readonly loadedAt: string
    readonly fault: string | null
  }
  readonly checks: readonly { readonly name: string; readonly fault: string | null }[]
  readonly backends: readonly BackendReport[]
  readonly sts: readonly StsHostReport[]
  readonly decisions: { readonly granted: number; readonly refused: number }
  readonly refusals: readonly RecentRefusal[]
  /** Null if none is configured. */
  readonly auditLog: { readonly path: string; readonly fault: string | null } | null
}

interface StatusSources extends Pick<ServerStatus, 'clusterId' | 'partition' | 'backends' | 'sts' | 'auditLog'> {
  readonly build: Build
  readonly startedAt: Date
  readonly now: Date
  readonly certificate: CertificateFollower
  readonly checks: readonly Check[]
  readonly decisions: RecentDecisions
}

export function statusOf(sources: StatusSources): ServerStatus {
  const { build, startedAt, now, certificate, checks, decisions, ...state } = sources
  const { certificate: x509, loadedAt, fault } = certificate.current()
  const { refusals, ...counts } = decisions.report()
  return {
    ...build,
    runtime: runtimeName(),
    pid: process.pid,
    ...state,
    startedAt: startedAt.toISOString(),
    uptimeSeconds: Math.max(0, Math.floor((now.getTime() - startedAt.getTime()) / 1000)),
    certificate: {
      sha256: x509.fingerprint256,
      notBefore: x509.validFromDate.toISOString(),
      notAfter: x509.validToDate.toISOString(),
      keyType: x509.publicKey.asymmetricKeyType === 'ec' ? 'ecdsa' : (x509.publicKey.asymmetricKeyType ?? 'unknown'),
      names: x509.subjectAltName ?? '',
      loadedAt: loadedAt.toISOString(),
      fault,
    },
    checks: checks.map((check) => ({ name: check.name, fault: check.fault() })),
    decisions: counts,
    refusals,
  }
}

const LOOPBACK = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/

/** Whether both ends of a connection have loopback addresses. */
export function isOnLoopback({ remoteAddress, localAddress }: Pick<Socket, 'remoteAddress' | 'localAddress'>): boolean {
  return LOOPBACK.test(remoteAddress ?? '') && LOOPBACK.test(localAddress ?? '')
}
