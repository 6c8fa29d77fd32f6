import type { MapNode, PairNode, TreeNode } from './tree.ts'

/** A pair as written. It may be a merge key (`<<`). */
export interface WrittenPair extends PairNode {
  readonly isMerge: boolean
}

function resolved(node: TreeNode | null): TreeNode | null {
  return node?.kind === 'alias' ? node.target : node
}

/** The maps of a merge key, in reverse order of precedence. Null unless its value is a map or a list of maps without faults. */
function sourcesOf(value: TreeNode | null): readonly MapNode[] | null {
  // yaml.v2 does not accept an alias of a list.
  const sources = (value?.kind === 'list' ? value.items.toReversed() : [value]).map(resolved)
  const maps = sources.filter((source): source is MapNode => source?.kind === 'map' && source.fault === null)
  return maps.length === sources.length ? maps : null
}

/**
 * The pairs of a map after its merge keys are applied. Pairs and merge keys count in their order: a later one replaces an earlier one of
 * the same key. yaml.v2, which the reference uses, does the same. In YAML 1.1 a key next to the merge key always wins.
 *
 * @param onCopied Called for each pair that is copied.
 * @param onFailed Called for a merge key whose value can't be merged; must throw.
 */
export function mergePairs(
  written: readonly WrittenPair[],
  onCopied: (pair: WrittenPair) => void,
  onFailed: (pair: WrittenPair) => never,
): readonly PairNode[] {
  if (!written.some(({ isMerge }) => isMerge)) return written
  const byKey = new Map<string, PairNode[]>()
  const mergedKeys = new Set<string>()
  for (const pair of written) {
    if (!pair.isMerge) {
      const earlier = mergedKeys.delete(pair.key) ? [] : (byKey.get(pair.key) ?? [])
      byKey.set(pair.key, [...earlier, pair])
      continue
    }
    for (const { pairs } of sourcesOf(pair.value) ?? onFailed(pair)) {
      for (const merged of pairs) {
        onCopied(pair)
        byKey.set(merged.key, [merged])
        mergedKeys.add(merged.key)
      }
    }
  }
  return [...byKey.values()].flat()
}
