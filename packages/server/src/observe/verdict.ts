import type { HandshakeCause } from '../tls/handshake-causes.ts'
import type { KeysReport } from '../jwt/key-source.ts'
import { RENEW } from '../tls/serving-certificate.ts'
import type { BackendModeFileReport, BackendReport } from './backend-activity.ts'
import type { HandshakeReport } from './handshake-activity.ts'
import { RECENT_MINUTES } from './recent-count.ts'
import type { DecisionReport } from './recent-decisions.ts'
import { REFUSAL_ADVICE } from './refusal-advice.ts'
import type { StsFailure } from './sts-activity.ts'

/** A certificate that expires within this number of days is a problem. */
const EXPIRY_DAYS = 14
/** The number of refused logins, and of failed handshakes, that is a problem. Fewer may be one person's mistake. */
const PATTERN = 3
/** Refusals are a problem until this time after the last of them, in milliseconds. */
const REFUSALS_MS = 60 * 60_000
const DAY_MS = 86_400_000

/** What a problem is about. */
type ProblemKind =
  | 'not_ready'
  | 'certificate'
  | 'backend'
  | 'logins'
  | 'handshakes'
  | 'audit_log'
  | 'sts'
  | 'signing_keys'
  | 'ec2'

/** A reason why the server is not healthy, in `/status`. */
interface StatusProblem {
  readonly kind: ProblemKind
  /** One sentence. */
  readonly message: string
}

/** The state of the server that its verdict is about. */
interface VerdictFacts {
  readonly startedAt: string
  readonly certificate: { readonly notAfter: string; readonly fault: string | null }
  readonly checks: readonly { readonly name: string; readonly fault: string | null }[]
  readonly backends: readonly BackendReport[]
  readonly signingKeys: readonly KeysReport[]
  readonly backendModeFile: BackendModeFileReport | null
  readonly decisions: DecisionReport
  readonly handshakes: HandshakeReport
  readonly auditLog: { readonly path: string; readonly fault: string | null } | null
  /** The last call to STS if it failed; null if STS answered. */
  readonly lastStsFailure: StsFailure | null
  /** The error of the last look-up at EC2; null if EC2 answered. */
  readonly lastEc2Error: string | null
  /** Why kube-apiserver refuses the certificate; null if it does not. */
  readonly distrust: string | null
  readonly now: Date
}

/** The verdict on the server, in `/status`. */
export interface Verdict {
  /** One sentence about the worst problem. */
  readonly verdict: string
  readonly isHealthy: boolean
  /** Worst first. */
  readonly problems: readonly StatusProblem[]
}

const HANDSHAKE_ADVICE: Readonly<Record<HandshakeCause, string>> = {
  certificate_refused:
    'a client does not trust the certificate; put it into the webhook kubeconfig and restart kube-apiserver',
  not_tls: 'a client does not use TLS; give it a URL with https',
  no_common_protocol: 'a client has neither TLS 1.3 nor a cipher suite of TLS 1.2 that the server accepts; update it',
  other: 'read the log for the client',
}

/** Formats a duration with its largest unit. */
function roughly(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

type Finder = (facts: VerdictFacts) => readonly string[]

const findFailingChecks: Finder = ({ checks }) => checks.flatMap(({ fault }) => fault ?? [])

const findCertificateProblems: Finder = ({ certificate: { notAfter, fault }, distrust, now }) => {
  const days = Math.floor((Date.parse(notAfter) - now.getTime()) / DAY_MS)
  // An expired one fails a check.
  const isExpiring = days >= 0 && days < EXPIRY_DAYS
  return [
    ...(distrust === null ? [] : [distrust]),
    ...(isExpiring ? [`the certificate expires in ${days} d, on ${notAfter.slice(0, 10)}: ${RENEW}`] : []),
    ...(fault === null ? [] : [`the TLS pair in the state folder is not loaded: ${fault}`]),
  ]
}

function findModeFileProblems(file: BackendModeFileReport | null): readonly string[] {
  if (file === null || file.fault === null) return []
  const { path, errors, fault } = file
  const why = errors > 0 ? `it has ${plural(errors, 'error')}: fix the places below` : fault
  return [`the backend mode file ${path} is not active, and the list of backends before it is: ${why}`]
}

/** Finds that no entry of any backend grants anything. */
function findNoMappings(backends: readonly BackendReport[]): readonly string[] {
  const isEmpty = backends.every(
    ({ isLoaded, roles, users, patterns, accounts }) => isLoaded && roles + users + patterns + accounts === 0,
  )
  return isEmpty ? ['no backend has a mapping, so that nobody can log in: add one, or correct server.backendMode'] : []
}

const findBackendProblems: Finder = ({ backends, backendModeFile }) => [
  ...backends.flatMap(({ mode, isLoaded, fault, errors }) => [
    ...(isLoaded && fault !== null ? [`backend ${mode} has not loaded the latest mappings: ${fault}`] : []),
    ...(errors > 0 ? [`backend ${mode} has ${plural(errors, 'error')} in its mappings: fix the places below`] : []),
  ]),
  ...findModeFileProblems(backendModeFile),
  ...findNoMappings(backends),
]

/** Finds that nobody has logged in for a while although people tried. */
const findRefusedLogins: Finder = ({ decisions, backends, startedAt, now }) => {
  const { last5Minutes, lastGrantedAt, lastRefusedAt, refusedSinceLastGrant } = decisions
  const areLoaded = backends.every(({ isLoaded }) => isLoaded)
  const counted = refusedSinceLastGrant.filter(({ reason }) => !areLoaded || reason !== 'backend_unavailable')
  const refused = counted.reduce((sum, { count }) => sum + count, 0)
  const isOver = lastRefusedAt === null || now.getTime() - Date.parse(lastRefusedAt) > REFUSALS_MS
  if (last5Minutes.granted > 0 || refused < PATTERN || isOver) return []
  const since = now.getTime() - Date.parse(lastGrantedAt ?? startedAt)
  const [most] = counted
  if (most === undefined) return []
  const reason = `${counted.length > 1 ? 'mostly ' : ''}${most.reason}: ${REFUSAL_ADVICE[most.reason]}`
  return [`nobody has logged in for ${roughly(since)}: ${refused} of ${refused} refused, ${reason}`]
}

const findFailedHandshakes: Finder = ({ handshakes: { last5Minutes, lastFailure } }) => {
  const { failed } = last5Minutes
  if (failed < PATTERN || lastFailure === null) return []
  const { cause, error } = lastFailure
  const what = `${failed} TLS handshakes failed in the last ${RECENT_MINUTES} min, the last with ${error}`
  return [`${what}: ${HANDSHAKE_ADVICE[cause]}`]
}

const findAuditLogProblems: Finder = ({ auditLog }) => {
  if (auditLog === null || auditLog.fault === null) return []
  return [`the audit log ${auditLog.path} can't be written: ${auditLog.fault}; make room or change server.auditLog`]
}

/** A failing check has the same error. */
const findFailedSts: Finder = ({ checks, lastStsFailure }) => {
  const isReported = checks.some(({ name, fault }) => name === 'sts' && fault !== null)
  if (lastStsFailure === null || isReported) return []
  const { reason, error } = lastStsFailure
  return [`the last call to STS failed: ${error}: ${REFUSAL_ADVICE[reason]}`]
}

/** Keys that were never loaded fail a check. */
const findStaleKeys: Finder = ({ signingKeys }) =>
  signingKeys.flatMap(({ issuer, keys, updatedAt, fault }) =>
    fault === null || keys === 0 ? [] : [`the keys of ${issuer} are those of ${updatedAt ?? ''}: ${fault}`],
  )

const findFailedEc2: Finder = ({ lastEc2Error }) =>
  lastEc2Error === null ? [] : [`nodes can't log in, because the last call to EC2 failed: ${lastEc2Error}`]

/** Everything that is checked, worst first. */
const FINDERS: readonly (readonly [kind: ProblemKind, find: Finder])[] = [
  ['not_ready', findFailingChecks],
  ['certificate', findCertificateProblems],
  ['backend', findBackendProblems],
  ['ec2', findFailedEc2],
  ['logins', findRefusedLogins],
  ['handshakes', findFailedHandshakes],
  ['audit_log', findAuditLogProblems],
  ['sts', findFailedSts],
  ['signing_keys', findStaleKeys],
]

export function verdictOf(facts: VerdictFacts): Verdict {
  const problems = FINDERS.flatMap(([kind, find]) => find(facts).map((message) => ({ kind, message })))
  const [worst] = problems
  if (worst !== undefined) return { verdict: worst.message, isHealthy: false, problems }
  const { granted, refused } = facts.decisions.last5Minutes
  const verdict = `healthy: ${plural(granted, 'login')} in the last ${RECENT_MINUTES} min, ${refused} refused`
  return { verdict, isHealthy: true, problems }
}
