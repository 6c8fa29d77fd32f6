import { covers } from './conditions.ts'
import type { MappingEntry } from './entry.ts'

/** An entry that never applies, and the entry that always comes before it. */
interface Covered {
  readonly entry: MappingEntry
  readonly by: MappingEntry
}

/** The number of entries of one key that each other entry is compared with. */
const MAX_COMPARED = 64

/** Splits the entries of one key, in order of precedence, into those that can apply and those that never do. */
export function splitCovered(entries: Iterable<MappingEntry>): {
  readonly chain: readonly MappingEntry[]
  readonly covered: readonly Covered[]
} {
  const chain: MappingEntry[] = []
  const covered: Covered[] = []
  for (const entry of entries) {
    const by = chain.slice(0, MAX_COMPARED).find(({ conditions }) => covers(conditions, entry.conditions))
    if (by === undefined) chain.push(entry)
    else covered.push({ entry, by })
  }
  return { chain, covered }
}
