import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'

/** STS gave no answer at all, not even an error. */
export class NoAnswer extends Refusal {
  /**
   * Whether that tells something of the host: it can't be connected to, or is silent. A connection that is lost once the request is
   * on its way may be the request's fault, and who sends such requests must not be able to make the host count as gone.
   */
  readonly isOfHost: boolean

  constructor(why: string, isOfHost: boolean) {
    super('sts_unreachable', why)
    this.isOfHost = isOfHost
  }
}
