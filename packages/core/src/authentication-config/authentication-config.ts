import type { PartitionId } from '../aws/partition.ts'
import type { Problem } from '../errors/problem.ts'
import type { BackendMode } from '../mapping/backend-mode.ts'
import type { ReservedPrefixes } from '../mapping/decide.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import type { MappingIndex } from '../mapping/mapping-index.ts'
import { JWT_EXTRA } from '../mapping/user-info.ts'
import { jwtAccount, readEntry, type Candidate } from './candidate.ts'
import { AWS, literal, literals } from './cel.ts'
import { claimRules, type Rule } from './claim-rules.ts'
import { CANONICAL, groupsMapping, usernameMapping } from './expressions.ts'
import type { JwtPlaceholder } from './jwt-placeholder.ts'
import { entriesOf, scopesOf, type Backend, type Scopes } from './scopes.ts'

/** An issuer whose JWTs the API server is to accept. */
export interface ConfiguredIssuer {
  readonly url: string
  readonly accounts: readonly string[]
  /** Where the API server reads the keys, if not at the issuer. */
  readonly discoveryUrl: string | null
  /** PEM; null for the roots of the API server's machine. */
  readonly certificateAuthority: string | null
}

export interface AuthenticationConfigOptions {
  /** In the order in which the server asks them. */
  readonly backends: readonly { readonly mode: BackendMode; readonly index: MappingIndex }[]
  readonly reserved: ReservedPrefixes
  readonly scrubbedAccounts: ReadonlySet<string>
  readonly issuers: readonly ConfiguredIssuer[]
  readonly audiences: readonly string[]
  readonly partition: PartitionId
  readonly version: 'v1' | 'v1beta1'
}

interface GeneratedConfig {
  /** An AuthenticationConfiguration. */
  readonly configuration: object
  /** An error for each entry that can't be expressed. The configuration treats it as the server treats it for a JWT. */
  readonly problems: readonly Problem[]
  /** The names of expressions that are too long for the API server, with their length. */
  readonly tooLong: readonly { readonly name: string; readonly length: number }[]
}

/** The code points that an expression of the API server may have (cel-go, expressionSizeCodePointLimit). */
export const MAX_EXPRESSION = 100_000

/** Reads the entries of a backend. */
function readBackend(
  { mode, index }: AuthenticationConfigOptions['backends'][number],
  { reserved, issuers }: AuthenticationConfigOptions,
  problems: Problem[],
): Backend {
  const accounts = new Set(issuers.flatMap((issuer) => issuer.accounts))
  const candidates = new Map<MappingEntry, Candidate | null>()
  for (const entry of entriesOf(index)) {
    const { candidate, faults, warning } = readEntry(entry, reserved.get(mode) ?? [])
    candidates.set(entry, candidate)
    const report = (severity: Problem['severity'], field: string, message: string): void => {
      const path = field === '' ? entry.path : `${entry.path}.${field}`
      problems.push({ severity, location: entry.location, path, message })
    }
    for (const { field, message } of faults) report('error', field, message)
    if (warning !== null) report('warning', '', warning)
    const account = jwtAccount(entry.key.type === 'arn' ? entry.key.arn : 'prefix' in entry.key ? entry.key.prefix : '')
    if (account !== null && !accounts.has(account)) {
      report(
        'warning',
        '',
        `is for account ${account}, which is not one of the accounts of an issuer: it matches no JWT`,
      )
    }
  }
  return { index, candidates }
}

/** The placeholders of some scopes, each once. */
function placeholdersOf({ arns, permissionSets, accounts }: Scopes): readonly JwtPlaceholder[] {
  const found = new Map<string, JwtPlaceholder>()
  for (const { candidates } of [...arns, ...permissionSets, ...accounts]) {
    for (const { placeholders } of candidates) for (const each of placeholders) found.set(each.text, each)
  }
  return [...found.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1))
}

interface OtherMappings {
  readonly uid: { readonly expression: string }
  readonly extra: readonly { readonly key: string; readonly valueExpression: string }[]
}

/** The uid and extra expressions, which give what `userInfo` gives. */
function otherMappings(username: string, scrubbed: readonly string[]): OtherMappings {
  const isScrubbed = `${AWS}.aws_account in ${literals(scrubbed)}`
  const unless = (value: string, other: string): string =>
    scrubbed.length === 0 ? other : `${isScrubbed} ? ${value} : ${other}`
  const extra = {
    arn: 'claims.sub',
    'canonical-arn': CANONICAL,
    'identity-store-user-id': `${AWS}.?identity_store_user_id.orValue('')`,
    'source-identity': `${AWS}.?source_identity.orValue('')`,
  }
  const uid = `'aws-iam-authenticator:' + ${AWS}.aws_account + ':' + claims.sub`
  return {
    uid: { expression: unless(`'aws-iam-authenticator:administrative:' + ${username}`, uid) },
    extra: Object.entries(extra).map(([key, value]) => ({
      key: `${JWT_EXTRA}${key}`,
      valueExpression: unless(literal(''), value),
    })),
  }
}

/** The rules for users. The API server evaluates them after the mappings. */
function userRules(placeholders: readonly JwtPlaceholder[]): readonly Rule[] {
  const names = placeholders.map(({ text }) => `group.contains(${literal(text)})`)
  return [
    { expression: "user.username != ''", message: 'identity is not mapped' },
    ...(names.length === 0
      ? []
      : [
          {
            expression: `!user.groups.exists(group, ${names.join(' || ')})`,
            message: 'the JWT has no value for a template of a group',
          },
        ]),
  ]
}

/** Generates the AuthenticationConfiguration with which the API server gives JWTs the same users as `decide` and `userInfo`. */
export function generateAuthenticationConfig(options: AuthenticationConfigOptions): GeneratedConfig {
  const problems: Problem[] = []
  const tooLong: { readonly name: string; readonly length: number }[] = []
  const backends = options.backends.map((backend) => readBackend(backend, options, problems))
  const jwt = options.issuers.map(({ url, accounts, discoveryUrl, certificateAuthority }, number) => {
    const scopes = scopesOf(backends, new Set(accounts))
    const placeholders = placeholdersOf(scopes)
    const username = usernameMapping(scopes, placeholders)
    const groups = groupsMapping(scopes, placeholders)
    const scrubbed = accounts.filter((account) => options.scrubbedAccounts.has(account))
    const others = otherMappings(username, scrubbed)
    for (const [name, { length }] of Object.entries({ username, groups, uid: others.uid.expression })) {
      if (length > MAX_EXPRESSION) tooLong.push({ name: `jwt[${number}].claimMappings.${name}.expression`, length })
    }
    return {
      issuer: {
        url,
        ...(discoveryUrl === null ? {} : { discoveryURL: discoveryUrl }),
        ...(certificateAuthority === null ? {} : { certificateAuthority }),
        audiences: options.audiences,
        audienceMatchPolicy: 'MatchAny',
      },
      claimValidationRules: claimRules(accounts, options.partition),
      claimMappings: {
        username: { expression: username },
        groups: { expression: groups },
        ...others,
      },
      userValidationRules: userRules(placeholders),
    }
  })
  const apiVersion = `apiserver.config.k8s.io/${options.version}`
  return { configuration: { apiVersion, kind: 'AuthenticationConfiguration', jwt }, problems, tooLong }
}
