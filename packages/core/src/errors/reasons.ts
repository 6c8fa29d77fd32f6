/** The effect of a reason on the answer to the API server. */
interface ReasonMeaning {
  /**
   * The HTTP status of the answer. With 200 the answer is `authenticated: false`, which kube-apiserver caches. Any other status is an
   * error, which it never caches.
   */
  readonly status: 200 | 400 | 405 | 429 | 502 | 503
  /** The value of the label `result` of `authenticate_latency_seconds`. */
  readonly result: 'malformed_request' | 'invalid_token' | 'sts_error' | 'sts_throttling' | 'uknown_user'
}

/** Every reason to refuse a login. None of them is sent to the API server. */
const TABLE = {
  /** The method is not POST. */
  method_not_allowed: { status: 405, result: 'malformed_request' },
  /** The body is not a TokenReview. */
  malformed_request: { status: 400, result: 'malformed_request' },
  /** This server serves none of the audiences that the TokenReview asks for. */
  unsupported_audience: { status: 200, result: 'invalid_token' },
  /** The token is a foreign token, or not in the accepted form. */
  malformed_token: { status: 200, result: 'invalid_token' },
  /** The host in the token is not an STS endpoint of this server's partition. */
  wrong_host: { status: 200, result: 'invalid_token' },
  /** The token was signed more than 15 minutes ago, or with expired credentials; or the JWT has expired. */
  expired: { status: 200, result: 'invalid_token' },
  /** The signing time is more than 5 minutes ahead of this server's clock. */
  clock_ahead: { status: 200, result: 'invalid_token' },
  /** The JWT is by an issuer of AWS that server.webIdentity does not name. */
  untrusted_issuer: { status: 200, result: 'invalid_token' },
  /** The account of the JWT is not one of those that server.webIdentity names for its issuer. */
  untrusted_account: { status: 200, result: 'invalid_token' },
  /** The JWT was made for another cluster. */
  wrong_audience: { status: 200, result: 'invalid_token' },
  /** The issuer publishes no key with the `kid` of the JWT. */
  unknown_signing_key: { status: 200, result: 'invalid_token' },
  /** The keys of the issuer were never loaded. The JWT may be valid. */
  keys_unavailable: { status: 503, result: 'invalid_token' },
  /** STS answered SignatureDoesNotMatch, as it also does for a token of another cluster; or the key of a JWT did not make its signature. */
  bad_signature: { status: 200, result: 'sts_error' },
  /** STS answered InvalidClientTokenId: the access key is unknown, inactive or deleted. */
  unknown_key: { status: 200, result: 'sts_error' },
  /** STS refused the call for another reason. */
  sts_refused: { status: 200, result: 'sts_error' },
  /** STS throttled the call. The token may be valid. */
  sts_throttled: { status: 429, result: 'sts_throttling' },
  /** STS could not be reached, timed out, or had an internal error. */
  sts_unreachable: { status: 502, result: 'sts_error' },
  /** The response does not have the form of an STS response. */
  sts_bad_answer: { status: 502, result: 'sts_error' },
  /** Too many logins are waiting for STS. The token may be valid. */
  overloaded: { status: 429, result: 'sts_error' },
  /** STS or the JWT named a principal that can't be mapped. */
  unsupported_identity: { status: 200, result: 'sts_error' },
  /** No mapping of any backend matches. */
  not_mapped: { status: 200, result: 'uknown_user' },
  /** A mapping matches, but a value for its template is not available. */
  template: { status: 200, result: 'uknown_user' },
  /** A mapping matches, but its username has a reserved prefix. */
  reserved_username: { status: 200, result: 'uknown_user' },
  /** A mapping matches, but EC2 did not return the name that its template needs. */
  ec2_unavailable: { status: 502, result: 'uknown_user' },
  /** No mapping matches, and a backend that may have one is not loaded. */
  backend_unavailable: { status: 503, result: 'uknown_user' },
} as const

/** The reason for a refusal, as in the log field `reason` and in the metric `aws_iam_authenticator_refusals_total`. */
export type ReasonCode = keyof typeof TABLE

/** The meaning of each reason. */
export const reasons: Readonly<Record<ReasonCode, ReasonMeaning>> = TABLE

function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(TABLE, text)
}

export const REASON_CODES: readonly ReasonCode[] = Object.keys(TABLE).filter(isReasonCode)

/** The page about refusals. It has a section for each reason. */
const ERRORS_PAGE = 'https://github.com/example/aws-iam-authenticator/blob/main/docs/errors.md'

/** The URL of the section about a reason. */
export function reasonUrl(reason: ReasonCode): string {
  return `${ERRORS_PAGE}#${reason}`
}

/**
 * A refused login. It is a value, not an exception, because hostile input is expected.
 *
 * `message` is for the log. It never contains the token, nor a part of it that an attacker can choose.
 */
export class Refusal {
  readonly reason: ReasonCode
  readonly message: string
  /** The `Retry-After` of an answer with status 429, in seconds. */
  readonly retryAfterSeconds: number

  constructor(reason: ReasonCode, message: string, retryAfterSeconds = 1) {
    this.reason = reason
    this.message = message
    this.retryAfterSeconds = retryAfterSeconds
  }
}
