import { Refusal } from '../errors/reasons.ts'
import { isRecord, property, textAt } from '../untrusted.ts'
import { canonicalizeArn } from './arn.ts'
import type { Identity } from './caller-identity.ts'

/** What an AWS-signed JWT tells about its principal, in addition to the ARN. STS tells none of it for a presigned token. */
export interface WebIdentity {
  /** Set at AssumeRole, and unchanged in all sessions after it. */
  readonly sourceIdentity: string | undefined
  /** The user of IAM Identity Center. */
  readonly identityStoreUserId: string | undefined
  /** The organization, such as `o-a1b2c3d4e5`. */
  readonly orgId: string | undefined
  /** The organizational units of the account, such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`. Empty outside of an organization. */
  readonly ouPaths: readonly string[]
  /** Tags of the principal and its session. The case of keys and values matters. */
  readonly principalTags: ReadonlyMap<string, string>
}

/** The name of the claim with AWS's own claims. */
export const AWS_CLAIM = 'https://sts.amazonaws.com/'

const ACCOUNT_ID = /^\d{12}$/

/** Optional claims that are a text. */
export type TextClaim = 'source_identity' | 'identity_store_user_id' | 'org_id'

/**
 * The forms of claims. `authentication-config` prints them for the API server, whose regular expressions (RE2) mean the same by these
 * texts, and repeat at most 1,000 times.
 */
export const CLAIM_FORMS: Readonly<Record<'resource' | 'ou_path' | TextClaim, RegExp>> = {
  /** What follows the account in `sub`: a role or user with its path and name (IAM API reference). */
  resource: /^(?:role|user)\/(?:[!-~]{1,510}\/)?[\w+=,.@-]{1,64}$/,
  source_identity: /^[\w+=,.@-]{2,64}$/,
  identity_store_user_id: /^[0-9A-Za-z-]{1,64}$/,
  org_id: /^o-[a-z0-9]{10,32}$/,
  ou_path: /^o-[a-z0-9-/]{1,1000}$/,
}

function badClaim(message: string): Refusal {
  return new Refusal('malformed_token', message)
}

/** An optional claim. Null if it does not have the form that AWS gives it. */
function readText(claims: unknown, name: TextClaim): string | undefined | null {
  const value = property(claims, name)
  if (value === undefined) return undefined
  return typeof value === 'string' && CLAIM_FORMS[name].test(value) ? value : null
}

/** AWS's user guide shows the claim as a text; a list is read as well. Null if it has another form. */
function readPaths(value: unknown): readonly string[] | null {
  if (value === undefined) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const paths = list.filter((path): path is string => typeof path === 'string' && CLAIM_FORMS.ou_path.test(path))
  return paths.length === list.length ? paths : null
}

function readTags(value: unknown): ReadonlyMap<string, string> | null {
  if (value === undefined) return new Map()
  if (!isRecord(value)) return null
  const tags = Object.entries(value).filter((tag): tag is [string, string] => typeof tag[1] === 'string')
  return tags.length === Object.keys(value).length ? new Map(tags) : null
}

function readWebClaims(claims: unknown): WebIdentity | Refusal {
  const sourceIdentity = readText(claims, 'source_identity')
  const identityStoreUserId = readText(claims, 'identity_store_user_id')
  const orgId = readText(claims, 'org_id')
  const ouPaths = readPaths(property(claims, 'ou_path'))
  const principalTags = readTags(property(claims, 'principal_tags'))
  if (
    sourceIdentity === null ||
    identityStoreUserId === null ||
    orgId === null ||
    ouPaths === null ||
    principalTags === null
  ) {
    return badClaim('a claim about the principal does not have the form that AWS gives it')
  }
  return { sourceIdentity, identityStoreUserId, orgId, ouPaths, principalTags }
}

/**
 * Reads the claims of an AWS-signed JWT whose signature is verified. The canonical ARN has no role path, as that of the same principal's
 * presigned token, so the same entries match. The JWT has neither a session name nor the unique id of the principal: both are empty.
 *
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html | Token claims}
 */
export function readWebIdentity(claims: unknown): Identity | Refusal {
  const sub = textAt(claims, 'sub')
  const aws = property(claims, AWS_CLAIM)
  const accountId = textAt(aws, 'aws_account')
  if (sub === undefined || accountId === undefined) return badClaim('the claim sub or aws_account is missing')
  const principal = canonicalizeArn(sub)
  if (principal === 'not_an_arn') return badClaim('the claim sub is not an ARN')
  if (principal === 'unknown_partition') {
    return new Refusal('unsupported_identity', 'the claim sub is of a partition that is not known')
  }
  if (typeof principal === 'string' || (principal.kind !== 'role' && principal.kind !== 'user')) {
    return new Refusal('unsupported_identity', 'the claim sub is not a role or user')
  }
  const [, partition = '', service, region, account = '', ...resource] = sub.split(':')
  const name = resource.join(':')
  if (service !== 'iam' || region !== '' || !ACCOUNT_ID.test(account) || !CLAIM_FORMS.resource.test(name)) {
    return badClaim('the claim sub does not have the form that AWS gives it')
  }
  if (account !== accountId) return badClaim('the claim aws_account is not the account of the claim sub')
  const web = readWebClaims(aws)
  if (web instanceof Refusal) return web
  const bare = principal.kind === 'role' ? `role/${name.slice(name.lastIndexOf('/') + 1)}` : name
  const canonicalArn = `arn:${partition}:iam::${account}:${bare}`
  return { arn: sub, canonicalArn, kind: principal.kind, accountId, userId: '', sessionName: '', accessKeyId: '', web }
}
