import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { loadKeyPair } from '@aws-iam-authenticator/init/pair/key-pair'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'
import { pollFiles } from '../util/poll-files.ts'
import { secureOptions } from './secure-options.ts'

/** The time between two polls, in milliseconds. The second poll after a change loads the pair: within a second. */
const POLL_MS = 300
const DAY_MS = 86_400_000
const WARN_DAYS = 30

/** The certificate that new connections get. */
interface ServingCertificate {
  readonly certificate: X509Certificate
  readonly loadedAt: Date
  /** The reason why the pair in the state directory was rejected; null while it is the one that is served. */
  readonly fault: string | null
}

export interface CertificateFollower {
  current(): ServingCertificate
  /** The reason why the certificate is invalid at present; null while it is valid. */
  fault(): string | null
  start(): void
  stop(): Promise<void>
}

interface CertificateFollowerOptions {
  readonly certificatePath: string
  readonly keyPath: string
  readonly pair: KeyPair
  readonly log: Log
  readonly now: () => Date
  /** Called when the pair has changed; must serve it. */
  readonly onReplaced: (pair: KeyPair, before: KeyPair) => unknown
  /** Called for each served certificate, with the end of its validity. */
  readonly onExpiry: (at: Date) => void
}

function endOf(certificate: X509Certificate): Date {
  return new Date(certificate.validTo)
}

/** Creates a function that warns of a certificate that expires soon, once a day for each certificate. */
function createExpiryWarning({
  certificatePath,
  log,
  now,
}: CertificateFollowerOptions): (certificate: X509Certificate) => void {
  let warned: X509Certificate | null = null
  let warnedAt = Number.NEGATIVE_INFINITY
  return (certificate) => {
    const at = now().getTime()
    const end = endOf(certificate)
    const days = Math.floor((end.getTime() - at) / DAY_MS)
    if (days >= WARN_DAYS || (certificate === warned && at - warnedAt < DAY_MS)) return
    warned = certificate
    warnedAt = at
    const fields = { certificate: certificatePath, notafter: end.toISOString() }
    if (days < 0) log.error('the certificate has expired: kube-apiserver refuses it; renew it (init --force)', fields)
    else log.warn(`the certificate expires in ${days} days: renew it (init --force)`, fields)
  }
}

function validityFault(certificate: X509Certificate, now: Date): string | null {
  const end = endOf(certificate)
  if (now.getTime() > end.getTime()) return `it expired at ${end.toISOString()}`
  const begin = new Date(certificate.validFrom)
  return now.getTime() < begin.getTime() ? `it is valid from ${begin.toISOString()} on` : null
}

/**
 * Follows the TLS pair by polling both files. They can't change at the same time: while they don't match, the other half is still
 * to come. The pair before stays active until then, and the log says so once.
 */
export function followCertificate(options: CertificateFollowerOptions): CertificateFollower {
  const { certificatePath, keyPath, log, now, onReplaced, onExpiry } = options
  const warnOfEnd = createExpiryWarning(options)
  let { pair } = options

  const served = (next: KeyPair): ServingCertificate => {
    const certificate = new X509Certificate(next.certificatePem)
    onExpiry(endOf(certificate))
    return { certificate, loadedAt: now(), fault: null }
  }
  let serving = served(pair)
  const keep = (why: string): void => {
    if (serving.fault === why) return
    serving = { ...serving, fault: why }
    log.warn('the TLS pair in the state folder is not loaded: the previous pair stays active', { error: why })
  }
  const load = async (): Promise<void> => {
    const next = await loadKeyPair({ certificatePath, keyPath })
    if (next === undefined) {
      keep(`neither ${certificatePath} nor ${keyPath} is there`)
      return
    }
    if (next.certificatePem === pair.certificatePem && next.keyPem === pair.keyPem) {
      serving = { ...serving, fault: null }
      return
    }
    // A pair that OpenSSL rejects would leave the server without one.
    createSecureContext(secureOptions(next))
    await onReplaced(next, pair)
    serving = served(next)
    pair = next
  }
  const poll = pollFiles({
    paths: [certificatePath, keyPath],
    everyMs: POLL_MS,
    onSettled: () => load().catch((error: unknown) => keep(messageOf(error))),
    onPolled: () => warnOfEnd(serving.certificate),
  })
  return {
    current: () => serving,
    fault: () => validityFault(serving.certificate, now()),
    start: poll.start,
    stop: poll.stop,
  }
}
