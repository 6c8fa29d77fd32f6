import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'

/** STS gave no answer at all, not even an error. */
export class NoAnswer extends Refusal {
  /**
   * Whether the host is at fault: it refuses connections or does not answer. A connection that is lost after the request was sent may be
   * the request's fault. A client must not be able to make the host count as unreachable by such requests.
   */
  readonly isOfHost: boolean

  constructor(why: string, isOfHost: boolean) {
    super('sts_unreachable', why)
    this.isOfHost = isOfHost
  }
}
