import { Refusal } from '@aws-iam-authenticator/core'

/** STS gave no answer at all, not even an error. */
export class NoAnswer extends Refusal {
  constructor(why: string) {
    super('sts_unreachable', why)
  }
}
