/** The causes of failed TLS handshakes: the values of the label `cause` of `tls_handshake_failures_total`. */
export const HANDSHAKE_CAUSES = ['certificate_refused', 'not_tls', 'no_common_protocol', 'other'] as const

export type HandshakeCause = (typeof HANDSHAKE_CAUSES)[number]

/** The ends of the codes of OpenSSL and BoringSSL. Their prefixes depend on the library and the TLS version. */
const CODES: readonly (readonly [end: string, cause: HandshakeCause])[] = [
  ['ALERT_BAD_CERTIFICATE', 'certificate_refused'],
  ['ALERT_CERTIFICATE_EXPIRED', 'certificate_refused'],
  ['ALERT_CERTIFICATE_UNKNOWN', 'certificate_refused'],
  ['ALERT_UNKNOWN_CA', 'certificate_refused'],
  ['ALERT_UNSUPPORTED_CERTIFICATE', 'certificate_refused'],
  ['HTTP_REQUEST', 'not_tls'],
  ['HTTPS_PROXY_REQUEST', 'not_tls'],
  ['WRONG_VERSION_NUMBER', 'not_tls'],
  ['ALERT_PROTOCOL_VERSION', 'no_common_protocol'],
  ['NO_SHARED_CIPHER', 'no_common_protocol'],
  ['UNSUPPORTED_PROTOCOL', 'no_common_protocol'],
]

/** Returns the cause that an error code such as `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA` stands for. */
export function handshakeCauseOf(code: string): HandshakeCause {
  return CODES.find(([end]) => code.endsWith(end))?.[1] ?? 'other'
}
