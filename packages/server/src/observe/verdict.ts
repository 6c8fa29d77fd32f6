import type { HandshakeCause } from '../tls/handshake-causes.ts'
import type { KeysReport } from '../jwt/key-source.ts'
import { RENEW } from '../tls/serving-certificate.ts'
import type { BackendReport } from './backend-activity.ts'
import type { HandshakeReport } from './handshake-activity.ts'
import { RECENT_MINUTES } from './recent-count.ts'
import type { DecisionReport } from './recent-decisions.ts'

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
  readonly decisions: DecisionReport
  readonly handshakes: HandshakeReport
  readonly auditLog: { readonly path: string; readonly fault: string | null } | null
  /** The error of the last call to STS; null if STS answered. */
  readonly lastStsError: string | null
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

const findCertificateProblems: Finder = ({ certificate: { notAfter, fault }, now }) => {
  const days = Math.floor((Date.parse(notAfter) - now.getTime()) / DAY_MS)
  // An expired one fails a check.
  const isExpiring = days >= 0 && days < EXPIRY_DAYS
  return [
    ...(isExpiring ? [`the certificate expires in ${days} d, on ${notAfter.slice(0, 10)}: ${RENEW}`] : []),
    ...(fault === null ? [] : [`the TLS pair in the state folder is not loaded: ${fault}`]),
  ]
}

const findBackendProblems: Finder = ({ backends }) =>
  backends.flatMap(({ mode, isLoaded, fault, errors }) => [
    ...(isLoaded && fault !== null ? [`backend ${mode} has not loaded the latest mappings: ${fault}`] : []),
    ...(errors > 0 ? [`backend ${mode} has ${plural(errors, 'error')} in its mappings: fix the places below`] : []),
  ])

/** Finds that nobody has logged in for a while although people tried. */
const findRefusedLogins: Finder = ({ decisions, startedAt, now }) => {
  const { last5Minutes, lastGrantedAt, lastRefusedAt, refusedSinceLastGrant } = decisions
  const refused = refusedSinceLastGrant.reduce((sum, { count }) => sum + count, 0)
  const isOver = lastRefusedAt === null || now.getTime() - Date.parse(lastRefusedAt) > REFUSALS_MS
  if (last5Minutes.granted > 0 || refused < PATTERN || isOver) return []
  const since = now.getTime() - Date.parse(lastGrantedAt ?? startedAt)
  const [most] = refusedSinceLastGrant
  const reason = `${refusedSinceLastGrant.length > 1 ? 'mostly ' : ''}${most?.reason ?? ''}`
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
const findFailedSts: Finder = ({ checks, lastStsError }) => {
  const isReported = checks.some(({ name, fault }) => name === 'sts' && fault !== null)
  return lastStsError === null || isReported ? [] : [`the last call to STS failed: ${lastStsError}`]
}

/** Keys that were never loaded fail a check. */
const findStaleKeys: Finder = ({ signingKeys }) =>
  signingKeys.flatMap(({ issuer, keys, updatedAt, fault }) =>
    fault === null || keys === 0 ? [] : [`the keys of ${issuer} are those of ${updatedAt ?? ''}: ${fault}`],
  )

/** Everything that is checked, worst first. */
const FINDERS: readonly (readonly [kind: ProblemKind, find: Finder])[] = [
  ['not_ready', findFailingChecks],
  ['certificate', findCertificateProblems],
  ['backend', findBackendProblems],
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
