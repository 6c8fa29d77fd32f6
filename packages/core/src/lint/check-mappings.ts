import type { Problem } from '../errors/problem.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import { indexMappings } from '../mapping/index-mappings.ts'
import type { MappingLists } from '../mapping/mapping-index.ts'

/** What is odd about an entry that is good. The server says nothing of it: people do it on purpose, too. */
function oddities({ groups, location, path }: MappingEntry): Problem[] {
  const add = (message: string): Problem[] => [{ severity: 'warning', location, path, message }]
  if (groups.length === 0) return add('has no groups: whoever matches it may do what is granted to the username alone')
  return groups.includes('') ? add('has a group with an empty name, which grants nothing: remove it') : []
}

/** What is odd about mappings that are all good on their own: entries that never have their turn, empty groups. */
export function checkMappings(lists: MappingLists): readonly Problem[] {
  return [...indexMappings(lists).problems, ...[...lists.roles, ...lists.users].flatMap(oddities)]
}
