import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { JwtConditions, MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
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

const NO_JWT_CONDITIONS: JwtConditions = { principalTags: [], orgId: null, ouPath: null, sourceIdentity: null }

type ListedJwtConditions = Pick<Listed, 'principalTags' | 'orgId' | 'ouPath' | 'sourceIdentity'>

function listJwtConditions({ principalTags, ...rest }: JwtConditions): ListedJwtConditions {
  const tags = Object.fromEntries(principalTags.map(({ key, values }) => [key, values]))
  return { principalTags: principalTags.length === 0 ? null : tags, ...rest }
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
    principalId: conditions?.principalId ?? null,
    sessionNames: conditions?.sessionNames ?? null,
    ...listJwtConditions(conditions?.jwt ?? NO_JWT_CONDITIONS),
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
    principalId: null,
    sessionNames: null,
    ...listJwtConditions(NO_JWT_CONDITIONS),
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
