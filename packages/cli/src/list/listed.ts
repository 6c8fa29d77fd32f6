import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Conditions, MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { Source } from '../explain/source.ts'

/** A mapping as `list` shows it. */
export interface Listed {
  readonly backend: BackendMode
  /** An ARN, a pattern or a user id as it is written, or `*` for all principals of an account. */
  readonly principal: string
  /** The template of the username. With mapAccounts it is the ARN of the caller. */
  readonly username: string
  readonly groups: readonly string[]
  readonly userId: string | null
  readonly principalId: string | null
  readonly sessionNames: readonly string[] | null
  /** With one of these four, the mapping is for AWS-signed JWTs only. */
  readonly principalTags: Readonly<Record<string, readonly string[]>> | null
  readonly orgId: string | null
  readonly ouPath: readonly string[] | null
  readonly sourceIdentity: readonly string[] | null
  readonly path: string
  /** The file or API server. */
  readonly from: string
  /** The line in the file; null if it is not from a file. */
  readonly line: number | null
}

type ListedConditions = Pick<
  Listed,
  'principalId' | 'sessionNames' | 'principalTags' | 'orgId' | 'ouPath' | 'sourceIdentity'
>

function listConditions(conditions: Conditions | null): ListedConditions {
  const tags = conditions?.principalTags?.map(({ key, values }) => [key, values] as const) ?? null
  return {
    principalId: conditions?.principalId ?? null,
    sessionNames: conditions?.sessionNames ?? null,
    principalTags: tags === null ? null : Object.fromEntries(tags),
    orgId: conditions?.orgId ?? null,
    ouPath: conditions?.ouPaths ?? null,
    sourceIdentity: conditions?.sourceIdentities ?? null,
  }
}

function listEntry({ mode: backend, from, places }: Source, entry: MappingEntry): Listed {
  const { principal, username, groups, userId, conditions, path } = entry
  const location = places?.get(path) ?? entry.location
  return {
    backend,
    principal,
    username,
    groups,
    userId: userId === '' ? null : userId,
    ...listConditions(conditions),
    path,
    from,
    line: location.source === from ? location.line : null,
  }
}

function listAccount({ mode: backend, from }: Source, account: string): Listed {
  return {
    backend,
    principal: `arn:*:*::${account}:*`,
    username: '(the ARN)',
    groups: [],
    userId: null,
    ...listConditions(null),
    path: 'mapAccounts',
    from,
    line: null,
  }
}

/** The mappings of all sources, in the order in which the server reads them. */
export function listMappings(sources: readonly Source[]): readonly Listed[] {
  return sources.flatMap((source) => [
    ...source.entries.map((entry) => listEntry(source, entry)),
    ...source.accounts.map((account) => listAccount(source, account)),
  ])
}
