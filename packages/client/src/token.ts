import { encodeToken } from '@aws-iam-authenticator/core/token/codec'
import type { CredentialCache, JwtCache } from './cache/credential-cache.ts'
import { clockDifference, isClockOff } from './aws/clock.ts'
import type { CredentialContext, MfaCodeProvider } from './aws/context.ts'
import { obtainCredentials, type Request } from './credentials/obtain.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { checkRoleArn } from './credentials/check-role-arn.ts'
import { startDeadline } from './deadline.ts'
import { CredentialsError } from './aws/credentials-error.ts'
import { namedBundle } from '@aws-iam-authenticator/network/connect/trust-source'
import type { HttpClient } from '@aws-iam-authenticator/network/http-client'
import { createHttpHandler } from './aws/http-handler.ts'
import { createInstanceMetadata } from './aws/instance-metadata.ts'
import { presignCallerIdentity } from './sts/presign.ts'
import { describeUnknownRegion, isMistyped } from './aws/region.ts'
import { resolveSettings, type Settings } from './aws/settings.ts'
import type { SigningAlgorithm } from './jwt/request-jwt.ts'

// AWS accepts the URL for 15 minutes. kubectl requests the next token a minute earlier.
const LIFETIME_MS = 14 * 60 * 1000

/** Time limit for a token, in milliseconds. Doesn't count an MFA prompt and `credential_process`. */
const DEADLINE_MS = 30_000

/** The time before the end of a JWT at which kubectl requests the next one, in milliseconds. Less for a very short one. */
const JWT_MARGIN_MS = 60_000

/** A bearer token for one cluster. */
export interface Token {
  readonly token: string
  /** The time to request the next token. */
  readonly expiration: Date
}

export interface TokenOptions {
  readonly clusterId: string
  /** The role to assume first. */
  readonly roleArn?: string | undefined
  /** For `roleArn`. */
  readonly externalId?: string | undefined
  /** For `roleArn`. Default: `aws-iam-authenticator-` and the time. */
  readonly sessionName?: string | undefined
  /** For `roleArn`: keeps the session name of the credentials that assume it, if they have one. */
  readonly forwardSessionName?: boolean | undefined
  /** For `roleArn`: names the person behind the session, also in sessions that are opened from it. */
  readonly sourceIdentity?: string | undefined
  /** A JWT that AWS signs, in place of a presigned URL. */
  readonly jwt?: { readonly audience: string; readonly algorithm: SigningAlgorithm } | undefined
  /** True to keep temporary credentials in a file and to reuse those of earlier processes. */
  readonly cache?: boolean | undefined
  /** Default: from the environment, the profile or the instance, else us-east-1. */
  readonly region?: string | undefined
  /** Where `region` comes from, for messages. Default: `--region`. */
  readonly regionOrigin?: string | undefined
  readonly environment: Environment
  /**
   * Creates the HTTP client for requests to AWS. Called at most once, before the first request. `caBundle` is the setting of
   * the profile. The client, such as an undici dispatcher, is destroyed before the token is returned.
   */
  readonly createHttpClient: (options: { caBundle: string | undefined }) => Promise<HttpClient>
  readonly mfaCodeProvider?: MfaCodeProvider | undefined
  /** Called with a one-line warning for the user, although there is a token. */
  readonly warn?: ((message: string) => void) | undefined
  /** Default: the clock. */
  readonly now?: () => Date
}

async function openCache(options: TokenOptions, now: () => Date): Promise<JwtCache | undefined> {
  if (options.cache !== true) return undefined
  const [{ cachePath }, { openCredentialCache }] = await Promise.all([
    import('./cache/cache-file.ts'),
    import('./cache/credential-cache.ts'),
  ])
  return openCredentialCache({ path: cachePath(options.environment), now, warn: options.warn ?? (() => undefined) })
}

function requestOf(options: TokenOptions): Request {
  const { clusterId, roleArn, externalId, sessionName, forwardSessionName, sourceIdentity } = options
  const names = { externalId, sessionName, forwardSessionName, sourceIdentity }
  return { clusterId, role: roleArn === undefined ? undefined : { roleArn, ...names } }
}

interface Work {
  readonly options: TokenOptions
  readonly context: CredentialContext
  readonly now: () => Date
}

/** Warns of a region that is probably mistyped. Without a role, no request shows that it does not exist. */
function checkRegion({ roleArn, warn }: TokenOptions, { region, regionOrigin }: Settings): void {
  const named = { name: region, origin: regionOrigin }
  if (roleArn !== undefined || !isMistyped(named)) return
  warn?.(`${describeUnknownRegion(named) ?? ''}: the server may not accept the token`)
}

/** Presigns the request that the server sends to STS. The expiration is by AWS's clock. */
async function presign(
  { options, context }: Work,
  cache: CredentialCache | undefined,
  awsTime: () => Date,
): Promise<Token> {
  const { settings } = context
  const credentials = await obtainCredentials(context, requestOf(options), { cache, now: awsTime })
  const signingTime = awsTime()
  checkRegion(options, settings)
  const { endpoint } = settings
  const url = await presignCallerIdentity({ clusterId: options.clusterId, credentials, endpoint, now: signingTime })
  const ends = [signingTime.getTime() + LIFETIME_MS, credentials.expiration?.getTime() ?? Infinity]
  return { token: encodeToken(url), expiration: new Date(Math.min(...ends)) }
}

/** Gets a JWT from AWS or the cache. The expiration is by AWS's clock. */
async function getJwt(
  { options, context, now }: Work,
  jwt: NonNullable<TokenOptions['jwt']>,
  cache: JwtCache | undefined,
  awsTime: () => Date,
): Promise<Token> {
  // Loaded only here: other tokens need none of it.
  const { obtainJwt } = await import('./jwt/obtain-jwt.ts')
  const request = requestOf(options)
  const { token, expiration } = await obtainJwt({ context, request, ...jwt, cache, now, awsTime })
  const left = expiration.getTime() - awsTime().getTime()
  return { token, expiration: new Date(expiration.getTime() - Math.min(JWT_MARGIN_MS, left / 2)) }
}

async function makeToken(work: Work): Promise<Token> {
  const { options, context, now } = work
  const { http } = context
  const correction = (): number => (isClockOff(http.clockOffset) ? http.clockOffset : 0)
  const awsTime = (): Date => new Date(now().getTime() + correction())
  const { roleArn, jwt } = options
  if (roleArn !== undefined) await checkRoleArn(context, roleArn)
  const cache = await openCache(options, awsTime)
  const made = await (jwt === undefined ? presign(work, cache, awsTime) : getJwt(work, jwt, cache, awsTime))
  if (correction() !== 0) {
    const difference = clockDifference(http.clockOffset)
    options.warn?.(
      `the clock of this machine is ${difference}: the token is signed with the time of AWS; set the clock`,
    )
  } else {
    // With cached credentials the next process would not ask AWS, and would sign with its wrong clock.
    await cache?.save()
  }
  return { token: made.token, expiration: new Date(made.expiration.getTime() - correction()) }
}

function noTokenInTime(failure: Error | undefined): CredentialsError {
  const reason = failure === undefined ? 'check the network, HTTPS_PROXY and NO_PROXY' : failure.message
  return new CredentialsError('sts_unreachable', `no token within ${DEADLINE_MS / 1000} s: ${reason}`)
}

/**
 * Makes a token: resolves credentials, assumes the role if there is one, and presigns or gets a JWT. Sends no request for a
 * presigned token by static keys without a role, or if the cache has what is needed.
 *
 * If an answer of AWS shows that this machine's clock is off, the token is signed with AWS's time, because it would be
 * rejected otherwise. The expiration is always by this machine's clock, which kubectl uses.
 *
 * @throws {CredentialsError}
 */
export async function getToken(options: TokenOptions): Promise<Token> {
  const { region, regionOrigin, environment, createHttpClient, mfaCodeProvider: ask, now = () => new Date() } = options
  const instanceMetadata = createInstanceMetadata(environment)
  const settings = await resolveSettings({ environment, region, regionOrigin, instanceMetadata })
  const { caBundle } = settings
  const http = createHttpHandler(() => createHttpClient({ caBundle }), {
    now,
    bundle: namedBundle({ environment, caBundle }),
    region: { name: settings.region, origin: settings.regionOrigin },
  })
  const deadline = startDeadline(DEADLINE_MS, () => noTokenInTime(http.failure))
  const { pauseWhile } = deadline
  const mfaCodeProvider: MfaCodeProvider | undefined = ask && ((serial) => pauseWhile(() => ask(serial)))
  const context: CredentialContext = { environment, settings, http, instanceMetadata, mfaCodeProvider, pauseWhile }
  try {
    return await deadline.bound(makeToken({ options, context, now }))
  } finally {
    await http.close()
  }
}
