import { EMPTY_INDEX, type MappingIndex } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { parseIdentityMapping } from '@aws-iam-authenticator/core/mapping/identity-mapping'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { splitCovered } from '@aws-iam-authenticator/core/mapping/chain'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { EntryKey, MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { KubernetesObject } from '@aws-iam-authenticator/kubernetes/api/list-watch'

/** One object as it was last seen. */
interface Known {
  readonly name: string
  readonly uid: string
  readonly created: string
  readonly spec: string
  /** Its last good state; null where it never had one. */
  readonly entry: MappingEntry | null
  /** What `status.canonicalARN` should be: the canonical ARN that its spec has now; null while the spec is bad. */
  readonly arn: string | null
  readonly isBad: boolean
}

/** What taking in an object has shown. */
interface Taken {
  /** The canonical ARN, or the pattern of ARNs, that its spec has; null while the spec is bad. */
  readonly arn: string | null
  /** Whether its spec is another than before, or it is new. */
  readonly isNew: boolean
  /** Only where the spec is new. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** For what an entry is, as a text that is the same for all entries for the same. */
function keyText(key: EntryKey): string {
  if (key.type === 'arn') return key.arn
  return key.type === 'like' ? key.prefix + key.glob : ''
}

/**
 * The order of objects for one ARN. Those with conditions come before those without, which would leave them no case; else the
 * one created last, and of two created in the same second that whose name comes last.
 */
function byTurn(a: Known, b: Known): number {
  const [aIsPlain, bIsPlain] = [a, b].map(({ entry }) => entry?.conditions === null)
  if (aIsPlain !== bIsPlain) return aIsPlain === true ? 1 : -1
  if (a.created !== b.created) return a.created > b.created ? -1 : 1
  return a.name > b.name ? -1 : 1
}

/**
 * The objects IAMIdentityMapping by name, and which of them is in force for which ARN. One change costs the same however many
 * objects there are.
 */
export class IdentityMappings {
  readonly #gates: Pick<EntryGates, 'rolePaths'>
  readonly #objects = new Map<string, Known>()
  readonly #namesByKey = new Map<string, Set<string>>()
  // An ARN is a role's or a user's, never both, so that one of the two tables is enough.
  readonly #byArn = new Map<string, MappingEntry>()
  readonly #otherwise = new Map<MappingEntry, MappingEntry>()
  readonly #likes = new Map<string, MappingEntry[]>()
  #index: MappingIndex | null = null
  #errorCount = 0

  constructor(gates: Pick<EntryGates, 'rolePaths'> = {}) {
    this.#gates = gates
  }

  get names(): Iterable<string> {
    return this.#objects.keys()
  }

  /** How many objects are bad. */
  get errorCount(): number {
    return this.#errorCount
  }

  get objectCount(): number {
    return this.#objects.size
  }

  /**
   * The mappings in force; another one after each change, but on the same tables, so that a change costs no copy of all of
   * them. It is good until the next turn of the event loop: a decision takes no longer.
   */
  index(): MappingIndex {
    this.#index ??= { ...EMPTY_INDEX, rolesByArn: this.#byArn, otherwise: this.#otherwise, likes: this.#likes }
    return this.#index
  }

  /** Takes in an object that is new or has changed. A bad spec leaves in force what the same object was before. */
  take(name: string, object: KubernetesObject): Taken {
    const uid = textAt(object, 'metadata', 'uid') ?? ''
    const spec = JSON.stringify(property(object, 'spec') ?? null)
    const known = this.#objects.get(name)
    const isSame = known?.uid === uid
    if (isSame && known.spec === spec) return { arn: known.arn, isNew: false, errors: [], warnings: [] }

    const { entry, errors, warnings } = parseIdentityMapping(object, name, this.#gates)
    const kept = entry ?? (isSame ? known.entry : null)
    const outcome = errors.map((error) => `${error} (${kept === null ? 'it maps nobody' : 'what it was before stays'})`)
    this.delete(name)
    const created = textAt(object, 'metadata', 'creationTimestamp') ?? ''
    const arn = entry === null ? null : keyText(entry.key)
    this.#objects.set(name, { name, uid, created, spec, entry: kept, arn, isBad: entry === null })
    this.#errorCount += entry === null ? 1 : 0
    const duplicates = kept === null ? [] : this.#add(name, kept)
    return { arn, isNew: true, errors: outcome, warnings: [...warnings, ...duplicates] }
  }

  delete(name: string): void {
    const known = this.#objects.get(name)
    if (known === undefined) return
    this.#objects.delete(name)
    this.#errorCount -= known.isBad ? 1 : 0
    if (known.entry === null) return
    this.#index = null
    const key = keyText(known.entry.key)
    const names = this.#namesByKey.get(key)
    names?.delete(name)
    if (names?.size === 0) this.#namesByKey.delete(key)
    this.#otherwise.delete(known.entry)
    if (known.entry.key.type === 'like') this.#dropLike(known.entry.key.prefix, known.entry)
    else this.#link(key)
  }

  /** Gives a warning where another object leaves this one no case, or the other way round. */
  #add(name: string, entry: MappingEntry): readonly string[] {
    this.#index = null
    const text = keyText(entry.key)
    const names = this.#namesByKey.get(text) ?? new Set()
    this.#namesByKey.set(text, names.add(name))
    if (entry.key.type === 'like') this.#addLike(entry.key.prefix, entry)
    else this.#link(text)
    if (names.size === 1) return []
    const ordered = entry.key.type === 'like' ? this.#byName(names) : this.#entriesInTurn(names)
    const { covered } = splitCovered(ordered)
    const pair = covered.find((each) => each.entry === entry || each.by === entry)
    if (pair === undefined) return []
    const other = pair.entry === entry ? pair.by : pair.entry
    const rule = entry.key.type === 'like' ? 'the one whose name comes first' : 'the one created later'
    const loser = pair.entry === entry ? 'it has' : `${other.path} has`
    const same = entry.key.type === 'like' ? 'pattern' : 'ARN'
    return [`is for the same ${same} as ${other.path}: ${rule} wins, so ${loser} no effect; remove one of the two`]
  }

  #entriesInTurn(names: Iterable<string>): readonly MappingEntry[] {
    const objects = [...names].map((name) => this.#objects.get(name)).filter((known) => known !== undefined)
    return objects.toSorted(byTurn).flatMap(({ entry }) => entry ?? [])
  }

  #byName(names: Iterable<string>): readonly MappingEntry[] {
    return [...names].toSorted((a, b) => (a < b ? -1 : 1)).flatMap((name) => this.#objects.get(name)?.entry ?? [])
  }

  /** Puts the objects for an ARN in their order. All servers order alike, whenever they hear of them. */
  #link(arn: string): void {
    const { chain, covered } = splitCovered(this.#entriesInTurn(this.#namesByKey.get(arn) ?? []))
    for (const { entry } of covered) this.#otherwise.delete(entry)
    for (const [index, entry] of chain.entries()) {
      const next = chain[index + 1]
      if (next === undefined) this.#otherwise.delete(entry)
      else this.#otherwise.set(entry, next)
    }
    const [first] = chain
    if (first === undefined) this.#byArn.delete(arn)
    else this.#byArn.set(arn, first)
  }

  /** Patterns are asked in the order of the objects' names, which people can choose. */
  #addLike(prefix: string, entry: MappingEntry): void {
    const list = this.#likes.get(prefix) ?? []
    this.#likes.set(prefix, list)
    let [low, high] = [0, list.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle]?.path ?? '') < entry.path) low = middle + 1
      else high = middle
    }
    list.splice(low, 0, entry)
  }

  #dropLike(prefix: string, entry: MappingEntry): void {
    const list = this.#likes.get(prefix) ?? []
    list.splice(list.indexOf(entry), 1)
    if (list.length === 0) this.#likes.delete(prefix)
  }
}
