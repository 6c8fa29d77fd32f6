import { encodeToken } from '@aws-iam-authenticator/core/token/codec'
import type { CredentialCache } from './cache/credential-cache.ts'
import { clockDifference, isClockOff } from './aws/clock.ts'
import type { CredentialContext, MfaCodeProvider } from './aws/context.ts'
import { obtainCredentials, type Request } from './credentials/obtain.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { startDeadline } from './deadline.ts'
import { CredentialsError } from './aws/credentials-error.ts'
import type { HttpClient } from '@aws-iam-authenticator/network/http-client'
import { createHttpHandler } from './aws/http-handler.ts'
import { createInstanceMetadata } from './aws/instance-metadata.ts'
import { presignCallerIdentity } from './sts/presign.ts'
import { resolveSettings } from './aws/settings.ts'

// AWS honours the URL for 15 minutes; kubectl asks for the next token a minute before.
const LIFETIME_MS = 14 * 60 * 1000

/** Time for a token in all, in milliseconds, without that of an MFA prompt and of `credential_process`. */
const DEADLINE_MS = 30_000

/** A bearer token for one cluster. */
export interface Token {
  readonly token: string
  /** When to ask for the next one. */
  readonly expiration: Date
}

export interface TokenOptions {
  readonly clusterId: string
  /** The role to assume first. */
  readonly roleArn?: string | undefined
  /** For `roleArn`. */
  readonly externalId?: string | undefined
  /** For `roleArn`. Default: a name of our own with the time in it. */
  readonly sessionName?: string | undefined
  /** For `roleArn`: takes over the session name of the credentials that assume it, where they have one. */
  readonly forwardSessionName?: boolean | undefined
  /** Whether temporary credentials are kept in a file for the next process, and taken from there. */
  readonly cache?: boolean | undefined
  /** Default: what the environment, the profile or the instance says, else us-east-1. */
  readonly region?: string | undefined
  readonly environment: Environment
  /**
   * Opens the way to AWS, where it has to be asked at all; called once. `caBundle` is the profile's setting.
   * What it gives, such as a dispatcher of undici, is destroyed before the token is given.
   */
  readonly createHttpClient: (options: { caBundle: string | undefined }) => Promise<HttpClient>
  readonly mfaCodeProvider?: MfaCodeProvider | undefined
  /** Told in one line what a person should know although there is a token. */
  readonly warn?: ((message: string) => void) | undefined
  /** Default: the clock. */
  readonly now?: () => Date
}

async function openCache(options: TokenOptions, now: () => Date): Promise<CredentialCache | undefined> {
  if (options.cache !== true) return undefined
  const [{ cachePath }, { openCredentialCache }] = await Promise.all([
    import('./cache/cache-file.ts'),
    import('./cache/credential-cache.ts'),
  ])
  return openCredentialCache({ path: cachePath(options.environment), now, warn: options.warn ?? (() => undefined) })
}

function requestOf(options: TokenOptions): Request {
  const { clusterId, roleArn, externalId, sessionName, forwardSessionName } = options
  const role = roleArn === undefined ? undefined : { roleArn, externalId, sessionName, forwardSessionName }
  return { clusterId, role }
}

interface Work {
  readonly options: TokenOptions
  readonly context: CredentialContext
  readonly now: () => Date
}

async function signToken({ options, context, now }: Work): Promise<Token> {
  const { http, settings } = context
  const correction = (): number => (isClockOff(http.clockOffset) ? http.clockOffset : 0)
  const awsTime = (): Date => new Date(now().getTime() + correction())
  const cache = await openCache(options, awsTime)
  const credentials = await obtainCredentials(context, requestOf(options), { cache, now: awsTime })
  const signingTime = awsTime()
  const { endpoint } = settings
  const url = await presignCallerIdentity({ clusterId: options.clusterId, credentials, endpoint, now: signingTime })
  if (correction() !== 0) {
    const difference = clockDifference(http.clockOffset)
    options.warn?.(
      `the clock of this machine is ${difference}: the token is signed with the time of AWS; set the clock`,
    )
  } else {
    // Without an answer of AWS the next process would take its own clock for right, and sign with that.
    await cache?.save()
  }
  const ends = [signingTime.getTime() + LIFETIME_MS, credentials.expiration?.getTime() ?? Infinity]
  return { token: encodeToken(url), expiration: new Date(Math.min(...ends) - correction()) }
}

function noTokenInTime(failure: Error | undefined): CredentialsError {
  const reason = failure === undefined ? 'check the network, HTTPS_PROXY and NO_PROXY' : failure.message
  return new CredentialsError('sts_unreachable', `no token within ${DEADLINE_MS / 1000} s: ${reason}`)
}

/**
 * Makes a token: resolves credentials, assumes the role where one is given, and presigns. With static keys and no role,
 * and with a cache that has what it takes, nothing goes over the network.
 *
 * Where AWS was asked and its clock differs from this machine's, the token is signed with AWS's time: with the other it
 * would be refused. The expiration is by this machine's clock always, for kubectl goes by that.
 *
 * @throws {CredentialsError}
 */
export async function getToken(options: TokenOptions): Promise<Token> {
  const { region, environment, createHttpClient, mfaCodeProvider: ask, now = () => new Date() } = options
  const instanceMetadata = createInstanceMetadata(environment)
  const settings = await resolveSettings({ environment, region, instanceMetadata })
  const http = createHttpHandler(() => createHttpClient({ caBundle: settings.caBundle }), now)
  const deadline = startDeadline(DEADLINE_MS, () => noTokenInTime(http.failure))
  const { pauseWhile } = deadline
  const mfaCodeProvider: MfaCodeProvider | undefined = ask && ((serial) => pauseWhile(() => ask(serial)))
  const context: CredentialContext = { environment, settings, http, instanceMetadata, mfaCodeProvider, pauseWhile }
  try {
    return await deadline.bound(signToken({ options, context, now }))
  } finally {
    await http.close()
  }
}
