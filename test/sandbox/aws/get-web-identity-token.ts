import { randomUUID } from 'node:crypto'
import type { Identity } from './account.ts'
import { AwsError } from './aws-error.ts'
import type { Issuers } from './issuers.ts'
import type { Fields } from './query-protocol.ts'
import type { SigningAlgorithm } from './token-issuer.ts'

/** The place of an account in an organization. */
export interface Organization {
  /** Such as `o-a1b2c3d4e5`. */
  readonly orgId: string
  /** Such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`. */
  readonly ouPath: string
}

/** What accounts are set to, and the keys they sign with. Tests may change the sets at any time. */
export interface OutboundFederation {
  readonly issuers: Issuers
  /** The accounts that have not enabled outbound web identity federation. */
  readonly disabledAccounts: Set<string>
  /** By account. */
  readonly organizations: Map<string, Organization>
}

interface Call {
  readonly caller: Identity
  /** The region of the host. */
  readonly region: string
  readonly parameters: URLSearchParams
  readonly now: Date
}

const AWS_CLAIM = 'https://sts.amazonaws.com/'
const DEFAULT_SECONDS = 300
/** AWS does not publish its limit. */
const MAX_PAYLOAD_BYTES = 8192
const MAX_AUDIENCES = 10
const MAX_TAGS = 50

/**
 * GetWebIdentityToken: a JWT about the caller, signed by the issuer of its account.
 *
 * @throws AwsError `AccessDenied`, `JWTPayloadSizeExceededException`, `OutboundWebIdentityFederationDisabledException`,
 *   `SessionDurationEscalationException` or `ValidationError`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
 */
export function getWebIdentityToken(federation: OutboundFederation, call: Call): Fields {
  const { caller, parameters, now } = call
  const audiences = readAudiences(parameters)
  const algorithm = readAlgorithm(parameters.get('SigningAlgorithm'))
  const seconds = readDuration(parameters.get('DurationSeconds'))
  const tags = readTags(parameters)
  if (federation.disabledAccounts.has(caller.accountId)) {
    throw new AwsError(
      'OutboundWebIdentityFederationDisabledException',
      'The outbound web identity federation feature is not enabled for this account.',
    )
  }
  const { audiences: allowed } = caller
  if (allowed !== undefined && !audiences.every((audience) => allowed.includes(audience))) {
    throw new AwsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:GetWebIdentityToken because no identity-based policy ` +
        'allows the sts:GetWebIdentityToken action',
    )
  }
  const issuedAt = Math.floor(now.getTime() / 1000)
  const expires = new Date((issuedAt + seconds) * 1000)
  if (caller.expires !== undefined && expires > caller.expires) {
    throw new AwsError(
      'SessionDurationEscalationException',
      'The requested token duration would extend the session beyond its original expiration time.',
    )
  }
  const issuer = federation.issuers.of(caller.accountId)
  const claims = {
    iss: issuer.url,
    aud: audiences.length === 1 ? audiences[0] : audiences,
    sub: caller.roleArn ?? caller.arn,
    iat: issuedAt,
    exp: issuedAt + seconds,
    jti: randomUUID(),
    [AWS_CLAIM]: awsClaims(federation, call, tags),
  }
  if (Buffer.byteLength(JSON.stringify(claims)) > MAX_PAYLOAD_BYTES) {
    throw new AwsError('JWTPayloadSizeExceededException', 'The requested token payload size exceeds the maximum.')
  }
  return { WebIdentityToken: issuer.sign(claims, algorithm), Expiration: expires }
}

/** The claims below AWS's own name. JSON leaves out those that do not apply. */
function awsClaims(
  { organizations }: OutboundFederation,
  { caller, region }: Call,
  requestTags: ReadonlyMap<string, string>,
): object {
  const organization = organizations.get(caller.accountId)
  return {
    aws_account: caller.accountId,
    source_region: region,
    org_id: organization?.orgId,
    ou_path: organization?.ouPath,
    principal_tags: caller.tags,
    original_session_exp: caller.expires?.toISOString(),
    source_identity: caller.sourceIdentity,
    identity_store_user_id: caller.identityStoreUserId,
    request_tags: requestTags.size === 0 ? undefined : Object.fromEntries(requestTags),
  }
}

function invalid(parameter: string, constraint: string): AwsError {
  return new AwsError('ValidationError', `Value at '${parameter}' failed to satisfy constraint: ${constraint}`)
}

/** The members of a list: `NAME.member.1` and so on, without gaps. */
function members(parameters: URLSearchParams, name: string, suffix = ''): readonly string[] {
  const values: string[] = []
  for (;;) {
    const value = parameters.get(`${name}.member.${values.length + 1}${suffix}`)
    if (value === null) return values
    values.push(value)
  }
}

function readAudiences(parameters: URLSearchParams): readonly string[] {
  const audiences = members(parameters, 'Audience')
  if (audiences.length === 0 || audiences.length > MAX_AUDIENCES) throw invalid('audience', '1 to 10 members')
  if (audiences.some(({ length }) => length === 0 || length > 1000)) throw invalid('audience', '1 to 1000 characters')
  return audiences
}

function readAlgorithm(text: string | null): SigningAlgorithm {
  if (text !== 'RS256' && text !== 'ES384') throw invalid('signingAlgorithm', 'RS256 or ES384')
  return text
}

function readDuration(text: string | null): number {
  const seconds = Number(text ?? DEFAULT_SECONDS)
  if (!Number.isInteger(seconds) || seconds < 60 || seconds > 3600) throw invalid('durationSeconds', '60 to 3600')
  return seconds
}

function readTags(parameters: URLSearchParams): ReadonlyMap<string, string> {
  const keys = members(parameters, 'Tags', '.Key')
  const values = members(parameters, 'Tags', '.Value')
  if (keys.length > MAX_TAGS || keys.length !== values.length) throw invalid('tags', 'at most 50 keys with values')
  return new Map(keys.map((key, index) => [key, values[index] ?? '']))
}
