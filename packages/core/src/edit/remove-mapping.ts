import type { MappingEntry } from '../mapping/entry.ts'
import {
  indexOf,
  LISTS,
  notEditable,
  placeOf,
  readAll,
  requireEntries,
  type Data,
  type Edited,
  type EntryKind,
  type PrincipalFields,
} from './aws-auth-lists.ts'
import { removeItem } from './remove-item.ts'

/** The principal whose entries are removed. */
export interface Removal {
  readonly kind: EntryKind
  readonly principal: PrincipalFields
}

/**
 * Removes all entries of a principal from the data of the ConfigMap aws-auth. Everything else in it stays byte for byte.
 *
 * @throws {AuthenticatorError} `mapping_not_found`: there is no entry.
 * @throws {ConfigurationError} The data can't be read, or an entry can't be removed without changing something else.
 */
export function removeMapping(
  data: Data,
  { kind, principal }: Removal,
): Edited & { readonly removed: readonly MappingEntry[] } {
  const { key, list } = LISTS[kind]
  const before = readAll(data)
  const removed = requireEntries(before[list], kind, principal)
  let text: string | null = typeof data[key] === 'string' ? data[key] : null
  // From the end, so that the indexes of the others stay.
  for (const entry of removed.toReversed()) text = text === null ? null : removeItem(text, indexOf(entry))
  const changed = { ...data, [key]: text }
  if (text === null || readAll(changed)[list].length !== before[list].length - removed.length) {
    const lines = removed.map((entry) => `remove ${placeOf(entry)}: ${entry.principal}`)
    throw notEditable(kind, 'removed', lines)
  }
  return { data: changed, problems: before.problems, removed }
}
