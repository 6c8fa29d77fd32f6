/** The `reason` of a failure, in the spelling of apimachinery's `metav1.StatusReason`. */
export type Reason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotFound'
  | 'ServiceUnavailable'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'UnsupportedMediaType'

const codes: Record<Reason, number> = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  InternalError: 500,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotFound: 404,
  ServiceUnavailable: 503,
  TooManyRequests: 429,
  Unauthorized: 401,
  UnsupportedMediaType: 415,
}

/** The object of a failure: the plural and API group of its resource, and its name. */
export type Details = { name?: string; group?: string; kind?: string }

/** The wire form of a failure (Kubernetes API conventions, "Response Status Kind"). */
export type Status = {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, never>
  status: 'Failure'
  message: string
  reason: Reason
  details?: Details
  code: number
}

export function failure(reason: Reason, message: string, details?: Details): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code: codes[reason],
  }
}

const reasons: ReadonlyMap<number, Reason> = new Map([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [410, 'Expired'],
  [429, 'TooManyRequests'],
  [503, 'ServiceUnavailable'],
])

/** A failure for an HTTP status that a test asks for. */
export function failureOfCode(code: number): Status {
  return { ...failure(reasons.get(code) ?? 'InternalError', 'switched on by the test'), code }
}

/** Ends a request with the given `Status`. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly status: Status

  constructor(reason: Reason, message: string, details?: Details) {
    super(message)
    this.status = failure(reason, message, details)
  }
}
