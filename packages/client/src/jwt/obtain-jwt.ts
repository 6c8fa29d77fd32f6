import { CredentialsError } from '../aws/credentials-error.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import type { Jwt } from '../aws/jwt.ts'
import type { CredentialCache, JwtCache } from '../cache/credential-cache.ts'
import { obtainCredentials, REVOKED, type Request } from '../credentials/obtain.ts'
import { checkRegionalEndpoint } from './regional-endpoint.ts'
import type { SigningAlgorithm } from './request-jwt.ts'

interface ObtainJwtOptions {
  readonly context: CredentialContext
  readonly request: Request
  readonly audience: string
  readonly algorithm: SigningAlgorithm
  readonly cache: JwtCache | undefined
  /** This machine's clock. */
  readonly now: () => Date
  /** AWS's time if it is known, else this machine's. */
  readonly awsTime: () => Date
}

/** A cache that notes whether it gave credentials. */
interface NotedCache extends CredentialCache {
  readonly wasUsed: boolean
}

function noteUse(cache: CredentialCache): NotedCache {
  let wasUsed = false
  return {
    ...cache,
    get wasUsed() {
      return wasUsed
    },
    find(key, source) {
      const found = cache.find(key, source)
      if (found !== undefined) wasUsed = true
      return found
    },
  }
}

async function withCredentials(options: ObtainJwtOptions, credentials: Credentials): Promise<Jwt> {
  const { context, audience, algorithm, now } = options
  // Loaded here because a JWT in the cache needs no request.
  const { requestJwt } = await import('./request-jwt.ts')
  return await requestJwt({ context, credentials, audience, algorithm, now })
}

/** Gets a JWT and keeps it. If AWS refuses credentials of the cache, obtains new ones. */
async function obtainCached(options: ObtainJwtOptions, cache: JwtCache): Promise<Jwt> {
  const { context, request, audience, algorithm, awsTime } = options
  const { clusterId, role } = request
  const { accessKey, jwtKey, roleKey, sourceKey } = await import('../credentials/identity-key.ts')
  const source = await sourceKey(context, clusterId)
  const bySource =
    source === undefined ? undefined : jwtKey(role === undefined ? source : roleKey(source, role), audience, algorithm)
  const kept = bySource === undefined ? undefined : cache.findJwt(bySource)
  if (kept !== undefined) return kept

  const noted = noteUse(cache)
  const credentials = await obtainCredentials(context, request, { cache: noted, now: awsTime })
  const keyOf = ({ accessKeyId }: Credentials): string =>
    bySource ?? jwtKey(accessKey(context, clusterId, accessKeyId), audience, algorithm)
  const keptByKey = cache.findJwt(keyOf(credentials))
  if (keptByKey !== undefined) return keptByKey
  try {
    const jwt = await withCredentials(options, credentials)
    cache.keepJwt(keyOf(credentials), jwt)
    return jwt
  } catch (error) {
    if (!noted.wasUsed || !(error instanceof CredentialsError) || !REVOKED.has(error.code)) throw error
    const fresh = { ...cache, find: () => undefined }
    const renewed = await obtainCredentials(context, request, { cache: fresh, now: awsTime })
    const jwt = await withCredentials(options, renewed)
    cache.keepJwt(keyOf(renewed), jwt)
    return jwt
  }
}

/**
 * Obtains a JWT that AWS signs about the credentials of the chain, or about the role assumed with them.
 *
 * @throws {CredentialsError}
 */
export async function obtainJwt(options: ObtainJwtOptions): Promise<Jwt> {
  const { context, request, cache, awsTime } = options
  // Before anyone is asked for an MFA code.
  checkRegionalEndpoint(context)
  if (cache !== undefined) return await obtainCached(options, cache)
  return await withCredentials(options, await obtainCredentials(context, request, { cache, now: awsTime }))
}
