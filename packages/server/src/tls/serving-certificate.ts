import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext } from 'node:tls'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { loadKeyPair } from '@aws-iam-authenticator/init/pair/key-pair'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'
import { stampOf } from '../backends/follow-file.ts'
import { secureOptions } from './secure-options.ts'

/** A change is taken over once two looks in a row find the same: within a second. */
const LOOK_MS = 300
const DAY_MS = 86_400_000
const WARN_DAYS = 30

/** The certificate that connections get. */
export interface ServingCertificate {
  readonly certificate: X509Certificate
  readonly loadedAt: Date
  /** Why what lies in the state folder was not taken over; null while it is what is served. */
  readonly fault: string | null
}

export interface CertificateFollower {
  current(): ServingCertificate
  /** Why the certificate is no good at present; null while it is. */
  fault(): string | null
  start(): void
  stop(): Promise<void>
}

export interface CertificateFollowerOptions {
  readonly certificatePath: string
  readonly keyPath: string
  readonly pair: KeyPair
  readonly log: Log
  readonly now: () => Date
  /** Another pair is to be served from now on. */
  readonly replaced: (pair: KeyPair, before: KeyPair) => unknown
  /** The certificate that is served ends then. */
  readonly expires: (at: Date) => void
}

function endOf(certificate: X509Certificate): Date {
  return new Date(certificate.validTo)
}

/**
 * Follows the TLS pair by looking at both files. They can't change at once: a pair that does not match is one of which the
 * other half is still to come, and the pair before stays in force, which is told once.
 */
export function followCertificate(options: CertificateFollowerOptions): CertificateFollower {
  const { certificatePath, keyPath, log, now, replaced, expires } = options
  const paths = { certificatePath, keyPath }
  const stopped = new AbortController()
  const { signal } = stopped
  let { pair } = options
  let serving: ServingCertificate
  let stamp = ''
  let isSettled = false
  let warnedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> = Promise.resolve()

  const adopt = (next: KeyPair): void => {
    const certificate = new X509Certificate(next.certificatePem)
    pair = next
    serving = { certificate, loadedAt: now(), fault: null }
    warnedAt = Number.NEGATIVE_INFINITY
    expires(endOf(certificate))
  }
  const warnOfEnd = (): void => {
    const at = now().getTime()
    const end = endOf(serving.certificate)
    const days = Math.floor((end.getTime() - at) / DAY_MS)
    if (days >= WARN_DAYS || at - warnedAt < DAY_MS) return
    warnedAt = at
    const fields = { certificate: certificatePath, notafter: end.toISOString() }
    if (days < 0) log.error('the certificate has expired: kube-apiserver refuses it; renew it (init --force)', fields)
    else log.warn(`the certificate expires in ${days} days: renew it (init --force)`, fields)
  }
  const keep = (why: string): void => {
    if (serving.fault === why) return
    serving = { ...serving, fault: why }
    log.warn('the TLS pair in the state folder is not taken over: the one before stays in force', { error: why })
  }
  const load = async (): Promise<void> => {
    const next = await loadKeyPair(paths)
    if (next === undefined) {
      keep(`neither ${certificatePath} nor ${keyPath} is there`)
      return
    }
    if (next.certificatePem === pair.certificatePem && next.keyPem === pair.keyPem) {
      serving = { ...serving, fault: null }
      return
    }
    // What OpenSSL does not take would leave the server without a pair.
    createSecureContext(secureOptions(next))
    const before = pair
    await replaced(next, before)
    adopt(next)
  }
  const look = async (): Promise<void> => {
    const found = (await Promise.all([stampOf(certificatePath), stampOf(keyPath)])).join('\n')
    if (found !== stamp) {
      stamp = found
      isSettled = false
    } else if (!isSettled) {
      isSettled = true
      await load().catch((error: unknown) => keep(messageOf(error)))
    }
    warnOfEnd()
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await look()
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
  serving = { certificate: new X509Certificate(pair.certificatePem), loadedAt: now(), fault: null }
  adopt(pair)
  return {
    current: () => serving,
    fault: () => {
      const at = now().getTime()
      if (at > endOf(serving.certificate).getTime()) return `it expired at ${endOf(serving.certificate).toISOString()}`
      const begin = new Date(serving.certificate.validFrom)
      return at < begin.getTime() ? `it is valid from ${begin.toISOString()} on` : null
    },
    start: () => {
      running = run()
    },
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}
