import { covers } from './conditions.ts'
import type { MappingEntry } from './entry.ts'

/** An entry that never has its turn, and the one that always comes before it. */
interface Covered {
  readonly entry: MappingEntry
  readonly by: MappingEntry
}

/** With more entries for one key than this, each with conditions of its own, not all pairs are compared. */
const MOST_COMPARED = 64

/** Parts entries for one key, which are asked in this order, into those that have a turn and those that never have. */
export function splitCovered(entries: Iterable<MappingEntry>): {
  readonly chain: readonly MappingEntry[]
  readonly covered: readonly Covered[]
} {
  const chain: MappingEntry[] = []
  const covered: Covered[] = []
  for (const entry of entries) {
    const by = chain.slice(0, MOST_COMPARED).find(({ conditions }) => covers(conditions, entry.conditions))
    if (by === undefined) chain.push(entry)
    else covered.push({ entry, by })
  }
  return { chain, covered }
}
