/** What a reason means for the answer to the API server. */
interface ReasonMeaning {
  /**
   * The HTTP status of the answer. 200 is a verdict on the token (`authenticated: false`), which kube-apiserver caches;
   * any other status is an error, which it never caches.
   */
  readonly status: 200 | 400 | 405 | 429 | 502 | 503
  /** The value of the label `result` of `authenticate_latency_seconds`. */
  readonly result: 'malformed_request' | 'invalid_token' | 'sts_error' | 'sts_throttling' | 'uknown_user'
}

/** Why a login is refused: the closed list that logs (field `reason`) and the metric `aws_iam_authenticator_refusals_total` use. */
export type ReasonCode =
  | 'method_not_allowed'
  | 'malformed_request'
  | 'unsupported_audience'
  | 'malformed_token'
  | 'wrong_host'
  | 'expired'
  | 'clock_ahead'
  | 'bad_signature'
  | 'unknown_key'
  | 'sts_refused'
  | 'sts_throttled'
  | 'sts_unreachable'
  | 'sts_bad_answer'
  | 'overloaded'
  | 'unsupported_identity'
  | 'not_mapped'
  | 'template'
  | 'reserved_username'
  | 'ec2_unavailable'
  | 'backend_unavailable'

/** What each reason means. None of them is ever told to the API server. */
export const reasons: Readonly<Record<ReasonCode, ReasonMeaning>> = {
  /** Not POST. */
  method_not_allowed: { status: 405, result: 'malformed_request' },
  /** The body is no TokenReview. */
  malformed_request: { status: 400, result: 'malformed_request' },
  /** The TokenReview asks for audiences of which this server serves none. */
  unsupported_audience: { status: 200, result: 'invalid_token' },
  /** Not one of our tokens, or not of the one form that is accepted. */
  malformed_token: { status: 200, result: 'invalid_token' },
  /** The token names a host that is no STS endpoint of this server's partition. */
  wrong_host: { status: 200, result: 'invalid_token' },
  /** Signed more than 15 minutes ago, or with credentials that have expired. */
  expired: { status: 200, result: 'invalid_token' },
  /** Signed more than 5 minutes ahead of this server's clock. */
  clock_ahead: { status: 200, result: 'invalid_token' },
  /** STS: SignatureDoesNotMatch. A token for another cluster looks like this too. */
  bad_signature: { status: 200, result: 'sts_error' },
  /** STS: InvalidClientTokenId. The access key is unknown, inactive or deleted. */
  unknown_key: { status: 200, result: 'sts_error' },
  /** STS refused for a reason of its own that is none of the above. */
  sts_refused: { status: 200, result: 'sts_error' },
  /** STS throttled the call; the token may be good. */
  sts_throttled: { status: 429, result: 'sts_throttling' },
  /** STS could not be reached, did not answer in time, or failed on its side. */
  sts_unreachable: { status: 502, result: 'sts_error' },
  /** STS answered with something that is no answer of STS. */
  sts_bad_answer: { status: 502, result: 'sts_error' },
  /** More logins than this server asks STS for at once; the token may be good. */
  overloaded: { status: 429, result: 'sts_error' },
  /** STS named a principal of a kind that can't be mapped. */
  unsupported_identity: { status: 200, result: 'sts_error' },
  /** No mapping of any backend matches. */
  not_mapped: { status: 200, result: 'uknown_user' },
  /** A mapping matches, but a value its template needs can't be had. */
  template: { status: 200, result: 'uknown_user' },
  /** A mapping matches, but its username has a prefix that is reserved. */
  reserved_username: { status: 200, result: 'uknown_user' },
  /** A mapping matches, but EC2 could not be asked for the name its template needs. */
  ec2_unavailable: { status: 502, result: 'uknown_user' },
  /** No mapping matches, and a backend that might have had one is not loaded. */
  backend_unavailable: { status: 503, result: 'uknown_user' },
}

/**
 * A login that is refused: a value, not an exception, because hostile input is no exceptional event.
 *
 * `message` is for the log. It never holds the token or a part of it that an attacker chose.
 */
export class Refusal {
  readonly reason: ReasonCode
  readonly message: string
  /** When it is worth asking again, where the refusal is no verdict: what `Retry-After` says with a status of 429. */
  readonly retryAfterSeconds: number

  constructor(reason: ReasonCode, message: string, retryAfterSeconds = 1) {
    this.reason = reason
    this.message = message
    this.retryAfterSeconds = retryAfterSeconds
  }
}
