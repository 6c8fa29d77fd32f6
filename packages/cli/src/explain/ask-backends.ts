import { ArnMismatch, findEntry, UndecidedMatch } from '@aws-iam-authenticator/core/mapping/mapping-index'
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
import { BACKEND_READERS } from './backend-readers.ts'
import type { BackendAnswer } from './explanation.ts'
import type { Source } from './source.ts'

/** The placeholder for a name that only EC2 knows. */
const EC2_PRIVATE_DNS_NAME = '{{EC2PrivateDNSName}}'

/** The decision and the answer of each backend. */
export interface Asked {
  readonly answers: readonly BackendAnswer[]
  readonly decision: Mapped | Refusal
  /** The configured backends, in their order. */
  readonly snapshots: readonly BackendSnapshot[]
  /** The backends with mappings that are not configured. */
  readonly others: readonly BackendSnapshot[]
  /** Whether the server would ask EC2 for the private DNS name. */
  readonly needsEc2: boolean
}

/** Decides like the server, with a placeholder instead of a call to EC2. */
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
  if (found instanceof UndecidedMatch) return found.entry
  return found === undefined || found instanceof ArnMismatch ? null : found
}

/** Returns the backends to ask, in order: the configured ones, else those that have mappings. */
export function backendsToAsk(
  sources: readonly Source[],
  configured: readonly BackendMode[] | null,
): readonly BackendMode[] {
  return configured ?? BACKEND_MODES.filter((mode) => sources.some((source) => source.mode === mode))
}

/** Decides for an identity, and records what each backend says of it. */
export function askBackends(
  identity: Identity,
  modes: readonly BackendMode[],
  sources: readonly Source[],
  reserved: ReservedPrefixes,
): Asked {
  const byMode = new Map(sources.map((source) => [source.mode, source]))
  const snapshots = modes.map(
    (mode): BackendSnapshot =>
      byMode.get(mode) ?? { mode, index: null, fault: `not given: ${BACKEND_READERS[mode].way}` },
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
