import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { Location, Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'

/** The mappings of one backend, as a freshly started server would load them. */
export interface Source extends BackendSnapshot {
  /** The file or API server that the mappings come from. */
  readonly from: string
  readonly errors: number
  /** All entries, roles first, in the order of their file. */
  readonly entries: readonly MappingEntry[]
  readonly accounts: readonly string[]
  /** Whether the server starts only if there are no errors. */
  readonly isNeededToStart?: boolean
  /** Locations of entries that do not carry their own, by path. */
  readonly places?: ReadonlyMap<string, Location>
}

export function errorsIn(problems: readonly Problem[]): number {
  return problems.filter(({ severity, isMistake }) => severity === 'error' || isMistake === true).length
}

export function sourceOf(mode: BackendMode, from: string, lists: MappingLists, problems: readonly Problem[]): Source {
  const { index } = indexMappings(lists)
  const entries = [...lists.roles, ...lists.users]
  return { mode, from, index, fault: null, errors: errorsIn(problems), entries, accounts: lists.accounts }
}

/** Returns a source that can't be read. */
export function unread(mode: BackendMode, from: string, fault: string, errors = 0): Source {
  return { mode, from, index: null, fault, errors, entries: [], accounts: [] }
}
