import { EMPTY_INDEX, type MappingIndex } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { parseIdentityMapping } from '@aws-iam-authenticator/core/mapping/identity-mapping'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { splitCovered } from '@aws-iam-authenticator/core/mapping/chain'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { EntryKey, MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import { MAX_SHOWN_ERRORS, sourceErrors, type MappingError, type SourceErrors } from '../log/log-problems.ts'
import type { KubernetesObject } from '@aws-iam-authenticator/kubernetes/api/list-watch'

/** The last known state of an object. */
interface Known {
  readonly name: string
  readonly uid: string
  readonly created: string
  readonly spec: string
  /** The entry of its last valid spec; null if it never had one. */
  readonly entry: MappingEntry | null
  /** The expected `status.canonicalARN`: the canonical ARN of its spec; null while the spec is invalid. */
  readonly arn: string | null
}

/** The result of {@link IdentityMappings.take}. */
interface Taken {
  /** The canonical ARN, or the pattern of ARNs, of its spec; null while the spec is invalid. */
  readonly arn: string | null
  /** Whether the object is new or its spec has changed. */
  readonly isNew: boolean
  /** Empty unless `isNew`. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** Renders a key as a text that is equal for equal keys. */
function keyText(key: EntryKey): string {
  if (key.type === 'arn') return key.arn
  return key.type === 'like' ? key.prefix + key.glob : ''
}

/**
 * Compares objects for one ARN. Those with conditions come before those without, which match always. Then the newest comes first,
 * and of two created in the same second the one whose name sorts last.
 */
function byPrecedence(a: Known, b: Known): number {
  const [aIsPlain, bIsPlain] = [a, b].map(({ entry }) => entry?.conditions === null)
  if (aIsPlain !== bIsPlain) return aIsPlain === true ? 1 : -1
  if (a.created !== b.created) return a.created > b.created ? -1 : 1
  return a.name > b.name ? -1 : 1
}

/**
 * A table of the objects IAMIdentityMapping by name, and of the active one for each ARN. The cost of a change does not depend on the
 * number of objects.
 */
export class IdentityMappings {
  readonly #gates: Pick<EntryGates, 'rolePaths'>
  readonly #objects = new Map<string, Known>()
  readonly #namesByKey = new Map<string, Set<string>>()
  // One table is enough for roles and users, because an ARN is never both.
  readonly #byArn = new Map<string, MappingEntry>()
  readonly #nextForKey = new Map<MappingEntry, MappingEntry>()
  readonly #patterns = new Map<string, MappingEntry[]>()
  #index: MappingIndex | null = null
  /** The first error of each object with an invalid spec. */
  readonly #errors = new Map<string, string>()

  constructor(gates: Pick<EntryGates, 'rolePaths'> = {}) {
    this.#gates = gates
  }

  get names(): Iterable<string> {
    return this.#objects.keys()
  }

  /** The number of objects with an invalid spec. */
  get errorCount(): number {
    return this.#errors.size
  }

  /** Returns the errors of the objects with an invalid spec. Copies only the first: there may be thousands. */
  errors(): SourceErrors {
    const first: MappingError[] = []
    for (const [name, message] of this.#errors) {
      if (first.length === MAX_SHOWN_ERRORS) break
      first.push({ source: `IAMIdentityMapping ${name}`, line: null, column: null, path: '', message })
    }
    return sourceErrors(this.#errors.size, first)
  }

  get objectCount(): number {
    return this.#objects.size
  }

  /** The valid objects as entries, by name. */
  entries(): readonly MappingEntry[] {
    return this.#byName(this.#objects.keys())
  }

  /**
   * Returns the active mappings. There is a new index after each change, but on the same tables: to copy them would be expensive. So
   * an index is valid only until the next turn of the event loop. No decision takes longer.
   */
  index(): MappingIndex {
    this.#index ??= { ...EMPTY_INDEX, rolesByArn: this.#byArn, nextForKey: this.#nextForKey, patterns: this.#patterns }
    return this.#index
  }

  /** Adds an object or updates it. If its spec is invalid, the last valid spec of the same object stays active. */
  take(name: string, object: KubernetesObject): Taken {
    const uid = textAt(object, 'metadata', 'uid') ?? ''
    const spec = JSON.stringify(property(object, 'spec') ?? null)
    const known = this.#objects.get(name)
    const isSame = known?.uid === uid
    if (isSame && known.spec === spec) return { arn: known.arn, isNew: false, errors: [], warnings: [] }

    const { entry, errors, warnings } = parseIdentityMapping(object, name, this.#gates)
    const kept = entry ?? (isSame ? known.entry : null)
    const outcome = errors.map(
      (error) => `${error} (${kept === null ? 'it maps no one' : 'its previous state stays active'})`,
    )
    this.delete(name)
    const created = textAt(object, 'metadata', 'creationTimestamp') ?? ''
    const arn = entry === null ? null : keyText(entry.key)
    this.#objects.set(name, { name, uid, created, spec, entry: kept, arn })
    if (entry === null) this.#errors.set(name, outcome[0] ?? 'its spec is invalid')
    const duplicates = kept === null ? [] : this.#add(name, kept)
    return { arn, isNew: true, errors: outcome, warnings: [...warnings, ...duplicates] }
  }

  delete(name: string): void {
    const known = this.#objects.get(name)
    if (known === undefined) return
    this.#objects.delete(name)
    this.#errors.delete(name)
    if (known.entry === null) return
    this.#index = null
    const key = keyText(known.entry.key)
    const names = this.#namesByKey.get(key)
    names?.delete(name)
    if (names?.size === 0) this.#namesByKey.delete(key)
    this.#nextForKey.delete(known.entry)
    if (known.entry.key.type === 'like') this.#dropPattern(known.entry.key.prefix, known.entry)
    else this.#link(key)
  }

  /** Adds an entry; returns a warning if another object always takes precedence over it, or the other way round. */
  #add(name: string, entry: MappingEntry): readonly string[] {
    this.#index = null
    const text = keyText(entry.key)
    const names = this.#namesByKey.get(text) ?? new Set()
    this.#namesByKey.set(text, names.add(name))
    if (entry.key.type === 'like') this.#addPattern(entry.key.prefix, entry)
    else this.#link(text)
    if (names.size === 1) return []
    const ordered = entry.key.type === 'like' ? this.#byName(names) : this.#byPrecedence(names)
    const { covered } = splitCovered(ordered)
    const pair = covered.find((each) => each.entry === entry || each.by === entry)
    if (pair === undefined) return []
    const other = pair.entry === entry ? pair.by : pair.entry
    const rule = entry.key.type === 'like' ? 'the one whose name comes first' : 'the one created later'
    const loser = pair.entry === entry ? 'it has' : `${other.path} has`
    const same = entry.key.type === 'like' ? 'pattern' : 'ARN'
    return [`is for the same ${same} as ${other.path}: ${rule} wins, so ${loser} no effect; remove one of the two`]
  }

  #byPrecedence(names: Iterable<string>): readonly MappingEntry[] {
    const objects = [...names].map((name) => this.#objects.get(name)).filter((known) => known !== undefined)
    return objects.toSorted(byPrecedence).flatMap(({ entry }) => entry ?? [])
  }

  #byName(names: Iterable<string>): readonly MappingEntry[] {
    return [...names].toSorted((a, b) => (a < b ? -1 : 1)).flatMap((name) => this.#objects.get(name)?.entry ?? [])
  }

  /** Orders the objects for an ARN. The order is the same on all servers, and does not depend on when they see the objects. */
  #link(arn: string): void {
    const { chain, covered } = splitCovered(this.#byPrecedence(this.#namesByKey.get(arn) ?? []))
    for (const { entry } of covered) this.#nextForKey.delete(entry)
    for (const [index, entry] of chain.entries()) {
      const next = chain[index + 1]
      if (next === undefined) this.#nextForKey.delete(entry)
      else this.#nextForKey.set(entry, next)
    }
    const [first] = chain
    if (first === undefined) this.#byArn.delete(arn)
    else this.#byArn.set(arn, first)
  }

  /** Adds a pattern. Patterns are matched in the order of their objects' names, which people can choose. */
  #addPattern(prefix: string, entry: MappingEntry): void {
    const list = this.#patterns.get(prefix) ?? []
    this.#patterns.set(prefix, list)
    let [low, high] = [0, list.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle]?.path ?? '') < entry.path) low = middle + 1
      else high = middle
    }
    list.splice(low, 0, entry)
  }

  #dropPattern(prefix: string, entry: MappingEntry): void {
    const list = this.#patterns.get(prefix) ?? []
    list.splice(list.indexOf(entry), 1)
    if (list.length === 0) this.#patterns.delete(prefix)
  }
}
