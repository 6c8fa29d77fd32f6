import { findInvisible } from '../document/invisible-character.ts'
import type { Problem } from '../errors/problem.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import { indexMappings } from '../mapping/index-mappings.ts'
import type { MappingLists } from '../mapping/mapping-index.ts'

/** The fault of a username or group that is valid and can only be a mistake, as the end of a sentence; null if there is none. */
function oddityOf(text: string): string | null {
  const open = text.indexOf('<')
  const close = text.indexOf('>', open)
  if (open >= 0 && close > open) return `has the placeholder ${text.slice(open, close + 1)}: replace it`
  const invisible = findInvisible(text)
  if (invisible !== undefined) return `has ${invisible.name}, which does not show: remove it`
  return text.trim() === text ? null : 'has a blank at its start or end: remove it'
}

/** Warnings about a valid entry. The server does not log them, because such entries can be intentional. */
function warningsOf({ username, groups, location, path }: MappingEntry): Problem[] {
  const problems: Problem[] = []
  const add = (message: string): void => {
    problems.push({ severity: 'warning', location, path, message })
  }
  const named = [['username', username], ...groups.map((group) => ['group', group])] as const
  for (const [what = '', text = ''] of named) {
    const oddity = oddityOf(text)
    if (oddity !== null) add(`${what} ${JSON.stringify(text)} ${oddity}`)
  }
  if (groups.length === 0) add('has no groups: an identity that matches has only the rights granted to its username')
  else if (groups.includes('')) add('has a group with an empty name, which grants nothing: remove it')
  return problems
}

/** Warnings about valid mappings: entries that never apply, placeholders, invisible characters, and empty groups. */
export function checkMappings(lists: MappingLists): readonly Problem[] {
  return [...indexMappings(lists).problems, ...[...lists.roles, ...lists.users].flatMap(warningsOf)]
}
