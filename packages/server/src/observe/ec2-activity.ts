import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { LookUpPrivateDnsName } from '../ec2/private-dns-names.ts'

/** The time for which a failure is reported, in milliseconds. */
const WINDOW_MS = 5 * 60_000

export interface Ec2Activity {
  /** Wraps a look-up to record its outcomes. */
  readonly watch: (lookUp: LookUpPrivateDnsName) => LookUpPrivateDnsName
  /** The error of the last look-up, if it failed recently; null if EC2 answered. */
  readonly lastError: () => string | null
}

/** Records whether EC2 answers. Nodes can't join without it while people still log in. */
export function createEc2Activity(now: () => Date): Ec2Activity {
  let last: { readonly at: number; readonly error: string } | null = null
  return {
    watch: (lookUp) => async (instanceId) => {
      const name = await lookUp(instanceId)
      last = name instanceof Refusal ? { at: now().getTime(), error: name.message } : null
      return name
    },
    lastError: () => (last === null || now().getTime() - last.at > WINDOW_MS ? null : last.error),
  }
}
