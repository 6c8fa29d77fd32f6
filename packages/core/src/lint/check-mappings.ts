import type { Problem } from '../errors/problem.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import { indexMappings } from '../mapping/index-mappings.ts'
import type { MappingLists } from '../mapping/mapping-index.ts'

/** Warnings about a valid entry. The server does not log them, because such entries can be intentional. */
function warningsOf({ groups, location, path }: MappingEntry): Problem[] {
  const add = (message: string): Problem[] => [{ severity: 'warning', location, path, message }]
  if (groups.length === 0)
    return add('has no groups: an identity that matches has only the rights granted to its username')
  return groups.includes('') ? add('has a group with an empty name, which grants nothing: remove it') : []
}

/** Warnings about valid mappings: entries that never apply, and empty groups. */
export function checkMappings(lists: MappingLists): readonly Problem[] {
  return [...indexMappings(lists).problems, ...[...lists.roles, ...lists.users].flatMap(warningsOf)]
}
