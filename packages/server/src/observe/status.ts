import type { Socket } from 'node:net'
import type { CertificateFollower } from '../tls/serving-certificate.ts'
import { runtimeName, type Build } from '../util/build.ts'
import type { KeysReport } from '../jwt/key-source.ts'
import type { BackendModeFileReport, BackendReport } from './backend-activity.ts'
import type { Check } from './checks.ts'
import type { HandshakeReport } from './handshake-activity.ts'
import type { DecisionReport, RecentDecisions, RefusalGroup } from './recent-decisions.ts'
import type { StsFailure, StsHostReport } from './sts-activity.ts'
import { verdictOf, type Verdict } from './verdict.ts'

/** The version of the format. It changes if a field is removed or gets another meaning. */
const STATUS_VERSION = 1

/** The state of a running server. It contains no token, no key, and nothing about scrubbed accounts. */
interface ServerStatus extends Verdict {
  readonly statusVersion: typeof STATUS_VERSION
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
  /** Null if none is configured. */
  readonly backendModeFile: BackendModeFileReport | null
  readonly sts: readonly StsHostReport[]
  /** The keys of each issuer of JWTs; empty if no JWT is accepted. */
  readonly signingKeys: readonly KeysReport[]
  readonly handshakes: HandshakeReport
  readonly decisions: DecisionReport
  readonly refusals: readonly RefusalGroup[]
  /** Null if none is configured. */
  readonly auditLog: { readonly path: string; readonly fault: string | null } | null
}

interface StatusSources extends Pick<
  ServerStatus,
  'clusterId' | 'partition' | 'backends' | 'backendModeFile' | 'sts' | 'signingKeys' | 'handshakes' | 'auditLog'
> {
  readonly build: Build
  readonly startedAt: Date
  readonly now: Date
  readonly certificate: CertificateFollower
  readonly checks: readonly Check[]
  readonly decisions: RecentDecisions
  readonly lastStsFailure: StsFailure | null
  readonly lastEc2Error: string | null
  /** Why kube-apiserver refuses the certificate; null if it does not. */
  readonly distrust: string | null
}

export function statusOf(sources: StatusSources): ServerStatus {
  const { build, startedAt, now, certificate, checks, decisions, lastStsFailure, lastEc2Error, distrust, ...reports } =
    sources
  const { certificate: x509, loadedAt, fault } = certificate.current()
  const state = {
    ...reports,
    startedAt: startedAt.toISOString(),
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
    decisions: decisions.report(),
    refusals: decisions.refusals(),
  }
  return {
    statusVersion: STATUS_VERSION,
    ...verdictOf({ ...state, lastStsFailure, lastEc2Error, distrust, now }),
    ...build,
    runtime: runtimeName(),
    pid: process.pid,
    uptimeSeconds: Math.max(0, Math.floor((now.getTime() - startedAt.getTime()) / 1000)),
    ...state,
  }
}

const LOOPBACK = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/

/** Whether both ends of a connection have loopback addresses. */
export function isOnLoopback({ remoteAddress, localAddress }: Pick<Socket, 'remoteAddress' | 'localAddress'>): boolean {
  return LOOPBACK.test(remoteAddress ?? '') && LOOPBACK.test(localAddress ?? '')
}
