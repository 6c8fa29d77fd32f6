import { isTrusted, openSession, type Accounts, type Identity, type Role, type Session } from './account.ts'
import { AwsError } from './aws-error.ts'
import type { Fields } from './query-protocol.ts'

const HOUR = 3600

/**
 * AssumeRole: a session of the role, for a caller that the role trusts.
 *
 * @throws AwsError `AccessDenied` or `ValidationError`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function assumeRole(accounts: Accounts, caller: Identity, parameters: URLSearchParams, now: Date): Fields {
  const arn = parameters.get('RoleArn') ?? ''
  const name = sessionName(parameters)
  const role = accounts.roles.get(arn)
  if (role === undefined || !isTrusted(role, caller)) throw denied(caller, arn)
  if (role.externalId !== undefined && parameters.get('ExternalId') !== role.externalId) throw denied(caller, arn)
  if (role.mfa !== undefined) {
    if (parameters.get('SerialNumber') !== role.mfa.serial) throw denied(caller, arn)
    if (parameters.get('TokenCode') !== role.mfa.code) {
      throw new AwsError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code. ')
    }
  }
  const seconds = duration(parameters, role.maxSessionSeconds)
  if (caller.roleArn !== undefined && seconds > HOUR) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  }
  const sourceIdentity = chooseSourceIdentity(role, caller, parameters.get('SourceIdentity'), arn)
  const session = openSession(accounts, { arn, roleId: role.roleId }, name, expiry(now, seconds), {
    ...inheritedFrom(role),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  })
  return { ...sessionFields(session), ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }) }
}

function inheritedFrom({ tags, audiences }: Role): Pick<Identity, 'tags' | 'audiences'> {
  return { ...(tags === undefined ? {} : { tags }), ...(audiences === undefined ? {} : { audiences }) }
}

/**
 * The source identity of a new session. One that the caller's session has can't be changed.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
 */
function chooseSourceIdentity(
  role: Role,
  caller: Identity,
  wanted: string | null,
  roleArn: string,
): string | undefined {
  if (wanted !== null && !/^[\w+=,.@-]{2,64}$/.test(wanted)) {
    throw new AwsError('ValidationError', "Value at 'sourceIdentity' failed to satisfy constraint: [\\w+=,.@-]{2,64}")
  }
  const chosen = caller.sourceIdentity ?? wanted ?? undefined
  const isChanged = wanted !== null && wanted !== chosen
  if (chosen !== undefined && (isChanged || role.sourceIdentities?.includes(chosen) === false)) {
    throw denied(caller, roleArn, 'sts:SetSourceIdentity')
  }
  return chosen
}

/**
 * AssumeRoleWithWebIdentity: a session of the role, for the bearer of a token with the trusted claims. The
 * call is not signed. The token's own signature is not checked, because the sandbox has no identity provider.
 *
 * @throws AwsError `AccessDenied`, `ExpiredTokenException`, `InvalidIdentityToken` or `ValidationError`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export function assumeRoleWithWebIdentity(accounts: Accounts, parameters: URLSearchParams, now: Date): Fields {
  const arn = parameters.get('RoleArn') ?? ''
  const name = sessionName(parameters)
  const claims = parseClaims(parameters.get('WebIdentityToken') ?? '')
  const expires = claims.get('exp')
  if (typeof expires !== 'number') throw new AwsError('InvalidIdentityToken', 'exp has to be a number')
  if (expires * 1000 <= now.getTime()) throw new AwsError('ExpiredTokenException', 'Token expired')
  const role = accounts.roles.get(arn)
  const trusted = role?.webIdentity
  if (role === undefined || trusted === undefined || !bears(claims, trusted)) {
    throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
  }
  const seconds = duration(parameters, role.maxSessionSeconds)
  const session = openSession(accounts, { arn, roleId: role.roleId }, name, expiry(now, seconds), inheritedFrom(role))
  return { ...sessionFields(session), Provider: trusted.issuer, SubjectFromWebIdentityToken: trusted.subject }
}

function bears(claims: ReadonlyMap<string, unknown>, trusted: { issuer: string; subject: string }): boolean {
  return claims.get('iss') === trusted.issuer && claims.get('sub') === trusted.subject
}

function parseClaims(token: string): ReadonlyMap<string, unknown> {
  const [, payload = ''] = token.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (typeof claims === 'object' && claims !== null) return new Map(Object.entries(claims))
  } catch {
    // No part of a JWT belongs in the answer.
  }
  throw new AwsError('InvalidIdentityToken', 'The ID Token provided is not a valid JWT.')
}

function sessionName(parameters: URLSearchParams): string {
  const name = parameters.get('RoleSessionName') ?? ''
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
    throw new AwsError('ValidationError', "Value at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{2,64}")
  }
  return name
}

function duration(parameters: URLSearchParams, maximum: number = HOUR): number {
  const seconds = Number(parameters.get('DurationSeconds') ?? HOUR)
  if (!Number.isInteger(seconds) || seconds < 900) {
    throw new AwsError('ValidationError', "Value at 'durationSeconds' failed to satisfy constraint: at least 900")
  }
  if (seconds > maximum) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  }
  return seconds
}

/** STS uses whole seconds. */
function expiry(now: Date, seconds: number): Date {
  return new Date((Math.floor(now.getTime() / 1000) + seconds) * 1000)
}

function sessionFields({ accessKeyId, identity }: Session): Fields {
  return {
    AssumedRoleUser: { Arn: identity.arn, AssumedRoleId: identity.userId },
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretAccessKey: identity.secretAccessKey,
      SessionToken: identity.sessionToken,
      Expiration: identity.expires,
    },
  }
}

function denied(caller: Identity, roleArn: string, action = 'sts:AssumeRole'): AwsError {
  return new AwsError(
    'AccessDenied',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${roleArn}`,
  )
}
