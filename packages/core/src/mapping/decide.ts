import type { BackendMode } from './backend-mode.ts'
import type { Identity } from '../identity/caller-identity.ts'
import { Refusal } from '../errors/reasons.ts'
import type { MappingEntry } from './entry.ts'
import { ArnMismatch, findEntry, UndecidedMatch, type MappingIndex } from './mapping-index.ts'
import { fillTemplate, NeedsEc2PrivateDnsName, TemplateFault, type TemplateFacts } from './template.ts'

/** The state of one backend at the time of a decision. */
export interface BackendSnapshot {
  readonly mode: BackendMode
  /** Null until the backend has loaded its mappings. */
  readonly index: MappingIndex | null
  /** The reason why the backend could not load; null if it is healthy. */
  readonly fault: string | null
}

/** Prefixes of usernames that the mappings of a backend may not produce. */
export type ReservedPrefixes = ReadonlyMap<BackendMode, readonly string[]>

/** The Kubernetes user of an identity, and the mapping that made it. */
export interface Mapped {
  readonly username: string
  readonly groups: readonly string[]
  readonly backend: BackendMode
  /** The entry that matched; null if the account is in mapAccounts. */
  readonly entry: MappingEntry | null
}

function fillEntry(
  entry: MappingEntry,
  backend: BackendMode,
  identity: Identity,
  reserved: ReservedPrefixes,
  facts: TemplateFacts,
): Mapped | Refusal | NeedsEc2PrivateDnsName {
  const where = `${backend} ${entry.path}`
  const filled: string[] = []
  for (const template of [entry.username, ...entry.groups]) {
    const value = fillTemplate(template, identity, facts)
    if (value instanceof NeedsEc2PrivateDnsName) return value
    if (value instanceof TemplateFault) return new Refusal('template', `${where}: ${value.message}`)
    filled.push(value)
  }
  const [username = '', ...groups] = filled
  const prefix = reserved.get(backend)?.find((candidate) => username.startsWith(candidate))
  if (prefix !== undefined) {
    return new Refusal(
      'reserved_username',
      `${where}: its username begins with "${prefix}", which is reserved for ${backend}`,
    )
  }
  return { username, groups, backend, entry }
}

function refuseUndecided(mode: BackendMode, { entry, key }: UndecidedMatch): Refusal {
  return new Refusal(
    'not_mapped',
    `${mode} ${entry.path}: its ${key} may be for this login, which a JWT does not tell, so nothing after it is tried: ` +
      'write an entry with sourceIdentity that comes before it',
  )
}

/**
 * Maps an identity to a Kubernetes user, or returns the reason why not. The server, `explain` and `lint` share this function.
 *
 * Backends are checked in order. The first match is final, even if its template can't be filled or its username is reserved: a later
 * backend must not grant what an earlier one refuses. An entry with the user id of the identity and a different ARN is not a match. It is
 * named in the refusal if nothing else matches.
 */
export function decide(
  identity: Identity,
  backends: readonly BackendSnapshot[],
  reserved: ReservedPrefixes,
  facts: TemplateFacts = {},
): Mapped | Refusal | NeedsEc2PrivateDnsName {
  const mismatches: string[] = []
  for (const { mode, index } of backends) {
    if (index === null) continue
    const entry = findEntry(index, identity)
    if (entry instanceof UndecidedMatch) return refuseUndecided(mode, entry)
    if (entry instanceof ArnMismatch) mismatches.push(`${mode} ${entry.entry.path}: ARN does not match User ID`)
    else if (entry !== undefined) return fillEntry(entry, mode, identity, reserved, facts)
    if (index.accounts.has(identity.accountId)) {
      return { username: identity.canonicalArn, groups: [], backend: mode, entry: null }
    }
  }
  const missing = backends.filter(({ index }) => index === null)
  if (missing.length > 0) {
    const faults = [...mismatches, ...missing.map(({ mode, fault }) => `${mode}: ${fault ?? 'not loaded yet'}`)]
    return new Refusal(
      'backend_unavailable',
      `identity is not mapped by the backends that are loaded; ${faults.join('; ')}`,
    )
  }
  return new Refusal('not_mapped', ['identity is not mapped', ...mismatches].join('; '))
}
