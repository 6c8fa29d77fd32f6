import {
  EMPTY_INDEX,
  parseIdentityMapping,
  property,
  textAt,
  type MappingEntry,
  type MappingIndex,
} from '@aws-iam-authenticator/core'
import type { KubernetesObject } from '../kubernetes/list-watch.ts'

/** One object as it was last seen. */
interface Known {
  readonly uid: string
  readonly created: string
  readonly spec: string
  /** Its last good state; null where it never had one. */
  readonly entry: MappingEntry | null
  /** The canonical ARN that its spec has now; null while the spec is bad. */
  readonly arn: string | null
  readonly isBad: boolean
}

/** What taking in an object has shown. */
export interface Taken {
  /** The canonical ARN that its spec has; null while the spec is bad. */
  readonly arn: string | null
  /** Whether its spec is another than before, or it is new. */
  readonly isNew: boolean
  /** Only where the spec is new. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * The objects IAMIdentityMapping by name, and which of them is in force for which ARN. One change costs the same however many
 * objects there are.
 */
export class IdentityMappings {
  readonly #objects = new Map<string, Known>()
  readonly #namesByArn = new Map<string, Set<string>>()
  readonly #inForce = new Map<string, MappingEntry>()
  #index: MappingIndex | null = null
  #errorCount = 0

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

  /** The mappings in force; the same one until they change. It is copied when it is asked for, not at each of many changes. */
  index(): MappingIndex {
    // An ARN is a role's or a user's, never both, so that one of the two tables is enough.
    this.#index ??= { ...EMPTY_INDEX, rolesByArn: new Map(this.#inForce) }
    return this.#index
  }

  /** Takes in an object that is new or has changed. A bad spec leaves in force what the same object was before. */
  take(name: string, object: KubernetesObject): Taken {
    const uid = textAt(object, 'metadata', 'uid') ?? ''
    const spec = JSON.stringify(property(object, 'spec') ?? null)
    const known = this.#objects.get(name)
    const isSame = known?.uid === uid
    if (isSame && known.spec === spec) return { arn: known.arn, isNew: false, errors: [], warnings: [] }

    const { entry, errors, warnings } = parseIdentityMapping(object, name)
    const kept = entry ?? (isSame ? known.entry : null)
    const outcome = errors.map((error) => `${error} (${kept === null ? 'it maps nobody' : 'what it was before stays'})`)
    this.delete(name)
    const created = textAt(object, 'metadata', 'creationTimestamp') ?? ''
    const arn = entry?.key.arn ?? null
    this.#objects.set(name, { uid, created, spec, entry: kept, arn, isBad: entry === null })
    this.#errorCount += entry === null ? 1 : 0
    const duplicates = kept === null ? [] : this.#add(name, kept)
    return { arn, isNew: true, errors: outcome, warnings: [...warnings, ...duplicates] }
  }

  delete(name: string): void {
    const known = this.#objects.get(name)
    if (known === undefined) return
    this.#objects.delete(name)
    this.#errorCount -= known.isBad ? 1 : 0
    if (known.entry?.key.type !== 'arn') return
    this.#namesByArn.get(known.entry.key.arn)?.delete(name)
    this.#choose(known.entry.key.arn)
  }

  /** Gives a warning where another object is for the same ARN. */
  #add(name: string, { key }: MappingEntry): readonly string[] {
    if (key.type !== 'arn') return []
    const names = this.#namesByArn.get(key.arn) ?? new Set()
    const before = this.#inForce.get(key.arn)
    this.#namesByArn.set(key.arn, names.add(name))
    this.#choose(key.arn)
    if (before === undefined) return []
    const winner = this.#inForce.get(key.arn)
    const others = `${winner === before ? 'it has' : `${before.path} has`} no effect`
    return [`is for the same ARN as ${before.path}: the one created later wins, so ${others}; remove one of the two`]
  }

  /**
   * Puts the right one of the objects for an ARN in force: that which was created last, and of two created in the same second
   * that whose name comes last. All servers choose alike, whatever order they hear of them in.
   */
  #choose(arn: string): void {
    this.#index = null
    let last: (Known & { readonly name: string }) | null = null
    for (const name of this.#namesByArn.get(arn) ?? []) {
      const known = this.#objects.get(name)
      if (known === undefined) continue
      const isLater =
        last === null || known.created > last.created || (known.created === last.created && name > last.name)
      if (isLater) last = { ...known, name }
    }
    if (last?.entry) {
      this.#inForce.set(arn, last.entry)
      return
    }
    this.#inForce.delete(arn)
    this.#namesByArn.delete(arn)
  }
}
