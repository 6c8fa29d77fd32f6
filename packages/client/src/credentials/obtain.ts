import type { CredentialCache } from '../cache/credential-cache.ts'
import type { RoleIdentity } from './identity-key.ts'
import { CredentialsError } from '../aws/credentials-error.ts'
import { stsTarget } from '../sts/endpoint-url.ts'
import { resolveCredentials } from './chain.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'

/** The cluster that credentials are for, and the role to assume. */
export interface Request {
  readonly clusterId: string
  /** The role to assume with the credentials of the chain. */
  readonly role: RoleIdentity | undefined
}

interface ObtainOptions {
  readonly cache: CredentialCache | undefined
  /** AWS's time if it is known, else this machine's. */
  readonly now: () => Date
}

/** The errors of STS for credentials that were revoked before they expired. */
export const REVOKED: ReadonlySet<string> = new Set(['expired_credentials', 'sts_rejected'])

function checkNotExpired({ expiration, source }: Credentials, now: Date): void {
  if (expiration === undefined || expiration > now) return
  throw new CredentialsError(
    'expired_credentials',
    `the credentials from ${source} expired at ${expiration.toISOString()}: renew them`,
  )
}

async function resolveBase(context: CredentialContext, now: () => Date): Promise<Credentials> {
  const base = await resolveCredentials(context)
  checkNotExpired(base, now())
  return base
}

async function forwardedSessionName(
  context: CredentialContext,
  clusterId: string,
  credentials: Credentials,
  now: () => Date,
): Promise<string | undefined> {
  const { callerSessionName } = await import('./caller-session.ts')
  try {
    return await callerSessionName({ context, clusterId, credentials, now: now() })
  } catch (error) {
    if (!(error instanceof CredentialsError) || error.code !== 'clock_off') throw error
    // By now the time of AWS is known.
    return await callerSessionName({ context, clusterId, credentials, now: now() })
  }
}

async function assume(
  context: CredentialContext,
  { clusterId }: Request,
  role: RoleIdentity,
  base: Credentials,
  now: () => Date,
): Promise<Credentials> {
  context.http.open(stsTarget(context.environment, context.settings).url.origin)
  const { assumeRole } = await import('./assume-role.ts')
  let { sessionName } = role
  if (role.forwardSessionName === true) {
    sessionName = await forwardedSessionName(context, clusterId, base, now)
  }
  const { roleArn, externalId, sourceIdentity } = role
  const assumed = await assumeRole({ context, base, roleArn, externalId, sessionName, sourceIdentity })
  checkNotExpired(assumed, now())
  return assumed
}

async function obtainCached(
  context: CredentialContext,
  request: Request,
  cache: CredentialCache,
  now: () => Date,
): Promise<Credentials> {
  const { clusterId, role } = request
  const { accessKey, roleKey, sourceKey } = await import('./identity-key.ts')
  const source = await sourceKey(context, clusterId)
  const fresh = async (): Promise<Credentials> => {
    const base = await resolveBase(context, now)
    if (source !== undefined) cache.keep(source, base)
    return base
  }
  const find = (key: string | undefined, kind: string): Credentials | undefined =>
    key === undefined ? undefined : cache.find(key, `the cache (${kind})`)

  if (role === undefined) return find(source, 'base credentials') ?? (await fresh())
  const bySource = source === undefined ? undefined : roleKey(source, role)
  const assumedBefore = find(bySource, `role ${role.roleArn}`)
  if (assumedBefore !== undefined) return assumedBefore

  const kept = find(source, 'base credentials')
  const base = kept ?? (await fresh())
  const key = bySource ?? roleKey(accessKey(context, clusterId, base.accessKeyId), role)
  const assumedByKey = find(key, `role ${role.roleArn}`)
  if (assumedByKey !== undefined) return assumedByKey
  let assumed: Credentials
  try {
    assumed = await assume(context, request, role, base, now)
  } catch (error) {
    if (kept === undefined || !(error instanceof CredentialsError) || !REVOKED.has(error.code)) throw error
    assumed = await assume(context, request, role, await fresh(), now)
  }
  cache.keep(key, assumed)
  return assumed
}

/**
 * Obtains the credentials to sign with: those of the chain, or of the role assumed with them.
 *
 * @throws {CredentialsError}
 */
export async function obtainCredentials(
  context: CredentialContext,
  request: Request,
  { cache, now }: ObtainOptions,
): Promise<Credentials> {
  if (cache !== undefined) return await obtainCached(context, request, cache, now)
  const base = await resolveBase(context, now)
  return request.role === undefined ? base : await assume(context, request, request.role, base, now)
}
