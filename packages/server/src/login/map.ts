import {
  decide,
  type BackendSnapshot,
  type Mapped,
  type ReservedPrefixes,
} from '@aws-iam-authenticator/core/mapping/decide'
import { nearestMisses, type NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import { NeedsEc2PrivateDnsName, type TemplateFacts } from '@aws-iam-authenticator/core/mapping/template'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { MapIdentity } from './authenticate.ts'
import type { Backend } from '../backends/backend.ts'
import type { LookUpPrivateDnsName } from '../ec2/private-dns-names.ts'

/**
 * Maps identities by the current snapshots of the backends. If a template depends on EC2, it maps again with EC2's answer, by the
 * snapshots at that time: a mapping that was removed in the meantime grants nothing.
 */
export function createMapper(
  backends: () => readonly Backend[],
  reserved: ReservedPrefixes,
  lookUpPrivateDnsName: LookUpPrivateDnsName,
): MapIdentity {
  const map = (identity: Identity, facts: TemplateFacts): Mapped | Refusal | Promise<Mapped | Refusal> => {
    const snapshots = backends().map((backend) => backend.snapshot())
    const decision = decide(identity, snapshots, reserved, facts)
    return decision instanceof NeedsEc2PrivateDnsName ? askEc2First(identity, decision) : decision
  }
  const askEc2First = async (identity: Identity, { instanceId }: NeedsEc2PrivateDnsName): Promise<Mapped | Refusal> => {
    const name = await lookUpPrivateDnsName(instanceId)
    return name instanceof Refusal ? name : map(identity, { ec2PrivateDnsName: name })
  }
  return (identity) => map(identity, {})
}

/**
 * Finds near misses of an identity.
 *
 * @param unasked Returns the mappings that no enabled backend has.
 */
export function createNearestMisses(
  backends: () => readonly Backend[],
  unasked: (asked: readonly BackendSnapshot[]) => readonly BackendSnapshot[],
): (identity: Identity) => readonly NearMiss[] {
  return (identity) => {
    const snapshots = backends().map((backend) => backend.snapshot())
    return nearestMisses(identity, snapshots, unasked(snapshots))
  }
}
