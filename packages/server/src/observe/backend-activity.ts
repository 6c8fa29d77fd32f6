import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { MappingIndex } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { MappingError, SourceErrors } from '../log/log-problems.ts'

/** The state of one backend in `/status`. */
export interface BackendReport {
  readonly mode: BackendMode
  readonly isLoaded: boolean
  readonly roles: number
  readonly users: number
  /** The number of entries with patterns. */
  readonly patterns: number
  readonly accounts: number
  /** The number of errors in its source at the last load. */
  readonly errors: number
  /** The first of them, at most 10. */
  readonly firstErrors: readonly MappingError[]
  /** The time of the last load or change; null if it was never loaded. */
  readonly changedAt: string | null
  /** The reason why its mappings are missing or out of date; null if they are up to date. */
  readonly fault: string | null
}

/** The state of the file that replaces the list of backends, in `/status`. */
export interface BackendModeFileReport {
  readonly path: string
  /** The number of errors in it at the last load. */
  readonly errors: number
  /** The first of them, at most 10. */
  readonly firstErrors: readonly MappingError[]
  /** The reason why its list is not active; null if it is, or if there is no file. */
  readonly fault: string | null
}

export function reportModeFile(path: string, errors: SourceErrors, fault: string | null): BackendModeFileReport {
  return { path, errors: errors.count, firstErrors: errors.first, fault }
}

/** Records when backends change. */
export interface BackendActivity {
  readonly changed: (mode: BackendMode, errors: SourceErrors) => void
  readonly report: (snapshot: BackendSnapshot) => BackendReport
}

function countOf(index: MappingIndex): Pick<BackendReport, 'roles' | 'users' | 'patterns' | 'accounts'> {
  const { rolesByArn, rolesBySso, rolesByUserId, usersByArn, usersByUserId, patterns, accounts } = index
  return {
    roles: rolesByArn.size + rolesBySso.size + rolesByUserId.size,
    users: usersByArn.size + usersByUserId.size,
    patterns: [...patterns.values()].reduce((sum, { length }) => sum + length, 0),
    accounts: accounts.size,
  }
}

const NONE = { roles: 0, users: 0, patterns: 0, accounts: 0 }

export function createBackendActivity(now: () => Date): BackendActivity {
  const changes = new Map<BackendMode, { readonly at: Date; readonly errors: SourceErrors }>()
  return {
    changed: (mode, errors) => void changes.set(mode, { at: now(), errors }),
    report: ({ mode, index, fault }) => ({
      mode,
      isLoaded: index !== null,
      ...(index === null ? NONE : countOf(index)),
      errors: changes.get(mode)?.errors.count ?? 0,
      firstErrors: changes.get(mode)?.errors.first ?? [],
      changedAt: changes.get(mode)?.at.toISOString() ?? null,
      fault,
    }),
  }
}
