import type { SecureContextOptions } from 'node:tls'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'

/** The minimum TLS version. */
const MIN_VERSION = 'TLSv1.2'

/**
 * The accepted cipher suites: all of TLS 1.3, and those of TLS 1.2 with ephemeral keys (ECDHE) and authenticated encryption. Go's
 * crypto/tls, and so kube-apiserver, prefers the same suites of TLS 1.2.
 */
const CIPHER_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/** Returns the TLS options of a server with this pair. */
export function secureOptions({ certificatePem, keyPem }: KeyPair): SecureContextOptions {
  return { cert: certificatePem, key: keyPem, minVersion: MIN_VERSION, ciphers: CIPHER_SUITES.join(':') }
}
