import { decide, NeedsEc2PrivateDnsName, Refusal, type ReservedPrefixes } from '@aws-iam-authenticator/core'
import type { MapIdentity } from './authenticate.ts'
import type { Backend } from './backends/backend.ts'

/** Maps identities by what the backends know at that moment. */
export function createMapper(backends: readonly Backend[], reserved: ReservedPrefixes): MapIdentity {
  return async (identity) => {
    const snapshots = backends.map((backend) => backend.snapshot())
    const decision = decide(identity, snapshots, reserved)
    if (!(decision instanceof NeedsEc2PrivateDnsName)) return decision
    return new Refusal('template', 'this release does not ask EC2 for {{EC2PrivateDNSName}}')
  }
}
