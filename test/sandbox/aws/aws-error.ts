/** The error codes of STS and EC2 with their HTTP status. */
const STATUS = {
  AccessDenied: 403,
  AuthFailure: 401,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  'InvalidInstanceID.NotFound': 400,
  InvalidParameterValue: 400,
  JWTPayloadSizeExceededException: 400,
  MissingAuthenticationToken: 403,
  OutboundWebIdentityFederationDisabledException: 403,
  RequestLimitExceeded: 503,
  SessionDurationEscalationException: 403,
  SignatureDoesNotMatch: 403,
  Throttling: 400,
  UnauthorizedOperation: 403,
  ValidationError: 400,
} as const

export type AwsErrorCode = keyof typeof STATUS

/** A refusal that is sent to the client. `code` and `message` are those of the service. */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: AwsErrorCode
  readonly status: number

  /** @param status - if it is not the code's usual one */
  constructor(code: AwsErrorCode, message: string, status: number = STATUS[code]) {
    super(message)
    this.code = code
    this.status = status
  }
}
