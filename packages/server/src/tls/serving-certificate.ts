import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
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
/** What to do about a certificate that expires. */
export const RENEW = 'run init --force and restart kube-apiserver'

/** The pair that new connections get. */
interface ServingCertificate {
  readonly pair: KeyPair
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

function validityFault({ validFromDate, validToDate }: X509Certificate, now: Date): string | null {
  if (now > validToDate) return `the certificate expired on ${validToDate.toISOString().slice(0, 10)}: ${RENEW}`
  if (now >= validFromDate) return null
  return `the certificate is not valid before ${validFromDate.toISOString()}: set the clock of this node, or ${RENEW}`
}

/** Describes why a pair is not loaded, with the fix while the server runs: no new pair is made then. */
function describeRejected(error: unknown, certificatePath: string, keyPath: string): string {
  const code = error instanceof FileError ? error.code : undefined
  if (code === 'key_pair_mismatch') {
    return `${certificatePath} is not the certificate of ${keyPath}: copy the other file of the pair there too`
  }
  if (code === 'key_pair_incomplete') {
    return `only one of ${certificatePath} and ${keyPath} is there: copy the other one there too`
  }
  if (code === 'file_invalid') {
    return `${certificatePath} or ${keyPath} is not in PEM that can be read: copy it there again`
  }
  return messageOf(error)
}

/**
 * Follows the TLS pair by polling both files. They can't change at the same time: while they don't match, the other half is still
 * to come. The pair before stays active until then, and the log says so once.
 */
export function followCertificate(options: CertificateFollowerOptions): CertificateFollower {
  const { certificatePath, keyPath, log, now, onReplaced, onExpiry } = options
  let warnedAt = Number.NEGATIVE_INFINITY

  const served = (pair: KeyPair): ServingCertificate => {
    const certificate = new X509Certificate(pair.certificatePem)
    warnedAt = Number.NEGATIVE_INFINITY
    onExpiry(certificate.validToDate)
    return { pair, certificate, loadedAt: now(), fault: null }
  }
  let serving = served(options.pair)
  /** Warns of a certificate that expires soon, once a day. */
  const warnOfExpiry = (): void => {
    const at = now().getTime()
    const { validToDate } = serving.certificate
    const days = Math.floor((validToDate.getTime() - at) / DAY_MS)
    if (days >= WARN_DAYS || at - warnedAt < DAY_MS) return
    warnedAt = at
    const fields = { certificate: certificatePath, notafter: validToDate.toISOString() }
    if (days < 0) log.error('the certificate has expired: kube-apiserver refuses it; renew it (init --force)', fields)
    else log.warn(`the certificate expires in ${days} days: renew it (init --force)`, fields)
  }
  const reject = (why: string): void => {
    if (serving.fault === why) return
    serving = { ...serving, fault: why }
    log.warn('the TLS pair in the state folder is not loaded: the previous pair stays active', { error: why })
  }
  const load = async (): Promise<void> => {
    const next = await loadKeyPair({ certificatePath, keyPath })
    if (next === undefined) {
      reject(`neither ${certificatePath} nor ${keyPath} is there: copy them back`)
      return
    }
    const { pair } = serving
    if (next.certificatePem === pair.certificatePem && next.keyPem === pair.keyPem) {
      serving = { ...serving, fault: null }
      return
    }
    // A pair that OpenSSL rejects would leave the server without one.
    createSecureContext(secureOptions(next))
    await onReplaced(next, pair)
    serving = served(next)
  }
  const poll = pollFiles({
    paths: [certificatePath, keyPath],
    everyMs: POLL_MS,
    onSettled: () => load().catch((error: unknown) => reject(describeRejected(error, certificatePath, keyPath))),
    onPolled: warnOfExpiry,
  })
  return { current: () => serving, fault: () => validityFault(serving.certificate, now()), ...poll }
}
