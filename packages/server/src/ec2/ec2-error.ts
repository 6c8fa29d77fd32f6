import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'

/** The reason why there is no answer of EC2. */
type Ec2ErrorCode =
  /** EC2 throttled the call. */
  | 'throttled'
  /** No connection, no answer, or a server error of EC2. */
  | 'unreachable'
  /** EC2 rejected the call, and would reject a retry. */
  | 'refused'
  | 'bad_answer'
  /** There is no region, or there are no credentials. */
  | 'no_access'
  /** The server's own rate limit is exceeded. */
  | 'rate_limited'
  | 'timeout'

/** A call to EC2 failed. The message says why and what to do next. It contains neither credentials nor instance ids. */
export class Ec2Error extends AuthenticatorError<Ec2ErrorCode> {
  override readonly name = 'Ec2Error'

  /** Whether a retry may succeed. */
  get transient(): boolean {
    return this.code === 'throttled' || this.code === 'unreachable'
  }
}
