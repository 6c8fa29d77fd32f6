import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { CredentialsError } from './credentials-error.ts'

// OpenSSL's verification errors as Node.js names them, and Node.js's own check of the host name.
const UNTRUSTED = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
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

/** The error for a failed connection to AWS. The SDK decides by its `cause` whether to retry. */
export function connectionError(host: string, cause: unknown): CredentialsError {
  const code = errorCode(cause)
  if (code !== undefined && UNTRUSTED.has(code)) {
    return new CredentialsError(
      'untrusted_certificate',
      `the certificate of ${host} is not trusted (${code}): where a proxy inspects TLS, name the file with its ` +
        'CA certificate in AWS_CA_BUNDLE',
      { cause },
    )
  }
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : (code ?? 'unknown reason')
  return new CredentialsError(
    'sts_unreachable',
    `cannot reach ${host}: ${reason}; check the network, HTTPS_PROXY and NO_PROXY`,
    // The SDK doesn't know undici's code for a broken connection. It retries after ECONNRESET.
    { cause: code === 'UND_ERR_SOCKET' ? Object.assign(new Error(reason), { code: 'ECONNRESET' }) : cause },
  )
}
