import { ArnMismatch, findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { BACKEND_MODES, type BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import {
  decide,
  type BackendSnapshot,
  type Mapped,
  type ReservedPrefixes,
} from '@aws-iam-authenticator/core/mapping/decide'
import { NeedsEc2PrivateDnsName } from '@aws-iam-authenticator/core/mapping/template'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { BackendAnswer } from './explanation.ts'
import type { Source } from './read-sources.ts'

/** What is shown in place of a name that only EC2 can tell. */
const EC2_PRIVATE_DNS_NAME = '{{EC2PrivateDNSName}}'

/** How the mappings of a backend that is asked can be given. */
const WAYS: Readonly<Record<BackendMode, string>> = {
  MountedFile: 'name the configuration file with -c',
  EKSConfigMap: 'give the manifest of aws-auth, or --cluster',
  CRD: 'give the manifests of the IAMIdentityMappings, or --cluster',
  DynamicFile: 'give the dynamic file',
}

/** The decision, and what each backend had to say. */
export interface Asked {
  readonly answers: readonly BackendAnswer[]
  readonly decision: Mapped | Refusal
  /** As they were asked. */
  readonly snapshots: readonly BackendSnapshot[]
  /** Those that are known and are not in the list. */
  readonly others: readonly BackendSnapshot[]
  /** Whether the identity would be asked for in EC2 first. */
  readonly needsEc2: boolean
}

/** The server's own decision; EC2 is not asked. */
function decideHere(
  identity: Identity,
  snapshots: readonly BackendSnapshot[],
  reserved: ReservedPrefixes,
): { readonly decision: Mapped | Refusal; readonly needsEc2: boolean } {
  const first = decide(identity, snapshots, reserved)
  if (!(first instanceof NeedsEc2PrivateDnsName)) return { decision: first, needsEc2: false }
  const decision = decide(identity, snapshots, reserved, { ec2PrivateDnsName: EC2_PRIVATE_DNS_NAME })
  if (decision instanceof NeedsEc2PrivateDnsName) throw new TypeError('a template that asks EC2 twice')
  return { decision, needsEc2: true }
}

function entryIn({ index }: BackendSnapshot, identity: Identity): MappingEntry | null {
  const found = index === null ? undefined : findEntry(index, identity)
  return found === undefined || found instanceof ArnMismatch ? null : found
}

/** Backends in the order in which they are asked: as configured, else those of which there are mappings. */
export function backendsToAsk(
  sources: readonly Source[],
  configured: readonly BackendMode[] | null,
): readonly BackendMode[] {
  return configured ?? BACKEND_MODES.filter((mode) => sources.some((source) => source.mode === mode))
}

/** Asks the backends as the server does. */
export function askBackends(
  identity: Identity,
  modes: readonly BackendMode[],
  sources: readonly Source[],
  reserved: ReservedPrefixes,
): Asked {
  const byMode = new Map(sources.map((source) => [source.mode, source]))
  const snapshots = modes.map(
    (mode): BackendSnapshot => byMode.get(mode) ?? { mode, index: null, fault: `not given: ${WAYS[mode]}` },
  )
  const { decision, needsEc2 } = decideHere(identity, snapshots, reserved)
  const answers: BackendAnswer[] = []
  let isDecided = false
  for (const snapshot of snapshots) {
    const { mode: backend, index, fault } = snapshot
    const from = byMode.get(backend)?.from ?? null
    const entry = entryIn(snapshot, identity)
    const { decision: own } = decideHere(identity, [snapshot], reserved)
    if (isDecided)
      answers.push({ backend, from, outcome: 'not_reached', entry: null, detail: 'an earlier backend decides' })
    else if (index === null) {
      answers.push({ backend, from, outcome: 'unavailable', entry: null, detail: fault ?? 'nothing is known of it' })
    } else if (!(own instanceof Refusal)) {
      isDecided = true
      const detail = own.entry === null ? `mapAccounts has ${identity.accountId}` : own.entry.path
      answers.push({ backend, from, outcome: 'mapped', entry: own.entry, detail })
    } else if (entry !== null) {
      isDecided = true
      answers.push({ backend, from, outcome: 'refused', entry, detail: entry.path })
    } else answers.push({ backend, from, outcome: 'no_match', entry: null, detail: 'no entry' })
  }
  const others = sources.filter(({ mode }) => !modes.includes(mode))
  for (const { mode: backend, from } of others) {
    answers.push({ backend, from, outcome: 'not_asked', entry: null, detail: 'not in --backend-mode' })
  }
  return { answers, decision, snapshots, others, needsEc2 }
}
