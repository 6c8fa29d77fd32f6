import type { MappingEntry } from './entry.ts'
import type { MappingIndex } from './mapping-index.ts'

/** The parts by which ARNs are compared. */
export interface ArnParts {
  /** Such as `arn:aws:iam::123456789012:`. */
  readonly account: string
  /** `role/` or `user/`. */
  readonly kind: string
  /** Without a path. */
  readonly name: string
}

/** A canonical ARN, or the start of one, in parts; null for other principals than roles and users. */
export function arnParts(arn: string): ArnParts | null {
  const kindAt = arn.lastIndexOf(':') + 1
  const kindEnd = arn.indexOf('/', kindAt) + 1
  const kind = arn.slice(kindAt, kindEnd)
  if (kind !== 'role/' && kind !== 'user/') return null
  return { account: arn.slice(0, kindAt), kind, name: arn.slice(arn.lastIndexOf('/') + 1) }
}

/** The ARN that an entry is for, or its start; null where it is found by an id alone. */
export function arnOf({ key }: MappingEntry): string | null {
  return key.type === 'arn' || key.type === 'userId' ? key.arn : key.prefix
}

/** Each entry is found by its name, and by both halves of it. */
const KEYS_PER_ENTRY = 3
/** A whole name tells more than half of one: where many entries have the same half, the first few must do. */
const MOST_WITH_NAME = 64
const MOST_WITH_HALF = 16

// FNV-1a. Who makes two keys collide gains a comparison.
function hash(tag: string, text: string): number {
  let sum = 0x811c9dc5
  for (let index = 0; index < tag.length; index += 1) sum = Math.imul(sum ^ tag.charCodeAt(index), 0x01000193)
  for (let index = 0; index < text.length; index += 1) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  return sum >>> 0
}

/**
 * The keys of the two halves of a name that is `length` long, or is to be compared with one that long. Whatever one letter
 * is wrong in one of two names, or which two are swapped, one of the halves is the same in both.
 */
function halves({ account, kind, name }: ArnParts, length: number): readonly [number, number] {
  const half = Math.floor(length / 2)
  const rest = length - half - 1
  const tag = `${account}${kind}${length}`
  return [hash(`<${tag}`, name.slice(0, half)), hash(`>${tag}`, name.slice(name.length - rest))]
}

function* valuesOf(tables: readonly ReadonlyMap<string, MappingEntry>[]): Generator<MappingEntry, undefined> {
  for (const table of tables) yield* table.values()
  return undefined
}

/**
 * Finds entries by what is nearly their ARN. It is filled in steps, so that no refusal pays for all of them: 24 bytes for
 * each entry, and a place in a list.
 */
export class NearTable {
  readonly #left: Iterator<MappingEntry, undefined>
  readonly #entries: MappingEntry[] = []
  readonly #heads: Int32Array
  readonly #next: Int32Array

  constructor({ rolesByArn, usersByArn, rolesBySso, rolesByUserId, usersByUserId }: MappingIndex) {
    const tables = [rolesByArn, usersByArn, rolesBySso, rolesByUserId, usersByUserId]
    const size = tables.reduce((sum, table) => sum + table.size, 0)
    this.#left = valuesOf(tables)
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(KEYS_PER_ENTRY * size + 1))).fill(-1)
    this.#next = new Int32Array(KEYS_PER_ENTRY * size)
  }

  /** Takes in so many more entries, as long as there are any. */
  advance(count: number): void {
    for (let taken = 0; taken < count; taken += 1) {
      const next = this.#left.next()
      if (next.done === true) return
      const entry = next.value
      const arn = arnOf(entry)
      const parts = arn === null ? null : arnParts(arn)
      if (parts === null) continue
      const slot = KEYS_PER_ENTRY * this.#entries.push(entry) - KEYS_PER_ENTRY
      const keys = [hash('=', parts.name), ...halves(parts, parts.name.length)]
      for (const [index, key] of keys.entries()) {
        const head = key & (this.#heads.length - 1)
        this.#next[slot + index] = this.#heads[head] ?? -1
        this.#heads[head] = slot + index
      }
    }
  }

  /** Entries for that name, of whatever account and kind; and some of others. */
  *withName(name: string): Generator<MappingEntry> {
    yield* this.#chain(hash('=', name), MOST_WITH_NAME)
  }

  /** Entries of the same account and kind for names that are nearly the same; and some of others. */
  *withHalfOf(parts: ArnParts): Generator<MappingEntry> {
    const { length } = parts.name
    for (const wanted of [length, length - 1, length + 1]) {
      if (wanted < 3) continue
      for (const key of halves(parts, wanted)) yield* this.#chain(key, MOST_WITH_HALF)
    }
  }

  *#chain(key: number, most: number): Generator<MappingEntry> {
    let slot = this.#heads[key & (this.#heads.length - 1)] ?? -1
    for (let count = 0; slot >= 0 && count < most; count += 1) {
      const entry = this.#entries[Math.floor(slot / KEYS_PER_ENTRY)]
      if (entry !== undefined) yield entry
      slot = this.#next[slot] ?? -1
    }
  }
}
