import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import type { Named } from '@aws-iam-authenticator/network/connect/trust-source'
import { CredentialsError } from './credentials-error.ts'
import { describeUnknownRegion, type NamedRegion } from './region.ts'

// OpenSSL's verification errors as Node.js names them, and Node.js's own check of the host name.
const UNTRUSTED = new Set([
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** The same errors where the time decides, with what they say about a certificate. */
const OF_TIME: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
])

/** What a failed connection to AWS depends on. */
export interface ConnectionFacts {
  /** This machine's clock. */
  readonly now: () => Date
  /** The bundle that replaces the system's CA certificates. */
  readonly bundle?: Named | undefined
  readonly region?: NamedRegion | undefined
}

function bundleAdvice(bundle: Named | undefined): string {
  if (bundle === undefined) {
    return 'where a proxy inspects TLS, name the file with its CA certificate in AWS_CA_BUNDLE'
  }
  const { setting, path } = bundle
  return `only the CA certificates in ${path}, which ${setting} names, are trusted: add the missing one to it, or unset ${setting}`
}

function untrusted(host: string, code: string, { now, bundle }: ConnectionFacts): string | undefined {
  const ofTime = OF_TIME.get(code)
  if (ofTime !== undefined) {
    const place = bundle === undefined ? '' : `, or a CA certificate in ${bundle.path}, which ${bundle.setting} names,`
    const time = now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
    return (
      `the certificate of ${host}${place} ${ofTime} (${code}) by the clock of this machine, which says ${time}: ` +
      'set the clock if that is wrong, and otherwise renew the certificate of the proxy that inspects TLS'
    )
  }
  return UNTRUSTED.has(code)
    ? `the certificate of ${host} is not trusted (${code}): ${bundleAdvice(bundle)}`
    : undefined
}

/** Names the region of a host if AWS does not publish it: the host may not exist. */
function regionDoubt(host: string, { region }: ConnectionFacts): string {
  const doubt =
    region === undefined || !host.split('.').includes(region.name) ? undefined : describeUnknownRegion(region)
  return doubt === undefined ? '' : ` ${doubt};`
}

/** The error for a failed connection to AWS. The SDK decides by its `cause` whether to retry. */
export function connectionError(host: string, cause: unknown, facts: ConnectionFacts): CredentialsError {
  const code = errorCode(cause)
  const why = untrusted(host, code ?? '', facts)
  if (why !== undefined) return new CredentialsError('untrusted_certificate', why, { cause })
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : (code ?? 'unknown reason')
  return new CredentialsError(
    'sts_unreachable',
    `cannot reach ${host}: ${reason};${regionDoubt(host, facts)} check the network, HTTPS_PROXY and NO_PROXY`,
    // The SDK doesn't know undici's code for a broken connection. It retries after ECONNRESET.
    { cause: code === 'UND_ERR_SOCKET' ? Object.assign(new Error(reason), { code: 'ECONNRESET' }) : cause },
  )
}
