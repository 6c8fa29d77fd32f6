import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'

/** Why EC2 told nothing. */
type Ec2ErrorCode =
  /** EC2 wants fewer calls. */
  | 'throttled'
  /** No connection, no answer, or a failure on the side of EC2. */
  | 'unreachable'
  /** EC2 said no, for a reason that another try does not change. */
  | 'refused'
  | 'bad_answer'
  /** There is no region to ask in, or there are no credentials to ask with. */
  | 'no_access'
  /** More calls are wanted than the server's own limit lets through. */
  | 'rate_limited'
  | 'timeout'

/** EC2 could not be asked: `message` says why and what to do next, and holds neither credentials nor instance ids. */
export class Ec2Error extends AuthenticatorError<Ec2ErrorCode> {
  override readonly name = 'Ec2Error'

  /** Whether the same call may succeed in a moment. */
  get transient(): boolean {
    return this.code === 'throttled' || this.code === 'unreachable'
  }
}
