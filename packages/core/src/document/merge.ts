import type { MapNode, PairNode, TreeNode } from './tree.ts'

/** A pair as it is written: its value may be what a merge key (`<<`) merges in. */
export interface WrittenPair extends PairNode {
  readonly isMerge: boolean
}

function resolved(node: TreeNode | null): TreeNode | null {
  return node?.kind === 'alias' ? node.target : node
}

/** The maps that a merge key names, the one that wins last; null if its value is not a map or a list of maps, all without a fault. */
function sourcesOf(value: TreeNode | null): readonly MapNode[] | null {
  // An alias of a list is not enough for yaml.v2.
  const sources = (value?.kind === 'list' ? value.items.toReversed() : [value]).map(resolved)
  const maps = sources.filter((source): source is MapNode => source?.kind === 'map' && source.fault === null)
  return maps.length === sources.length ? maps : null
}

/**
 * The pairs of a map after its merge keys are applied. Pairs and merge keys count in their order: a later one replaces an earlier one of
 * the same key. This is what yaml.v2 does, by which the reference reads aws-auth; by YAML 1.1 a key beside the merge key would always win.
 *
 * @param copied Called for each pair that is copied.
 * @param failed Called for a merge key whose value can't be merged; must throw.
 */
export function mergePairs(
  written: readonly WrittenPair[],
  copied: (pair: WrittenPair) => void,
  failed: (pair: WrittenPair) => never,
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
    for (const { pairs } of sourcesOf(pair.value) ?? failed(pair)) {
      for (const merged of pairs) {
        copied(pair)
        byKey.set(merged.key, [merged])
        mergedKeys.add(merged.key)
      }
    }
  }
  return [...byKey.values()].flat()
}
