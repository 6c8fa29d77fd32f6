import { encodeToken } from '@aws-iam-authenticator/core'
import type { Dispatcher } from 'undici'
import { resolveCredentials } from './credentials/chain.ts'
import type { CredentialContext, MfaCodeProvider } from './credentials/context.ts'
import type { Credentials } from './credentials/credentials.ts'
import type { Environment } from './environment.ts'
import { CredentialsError } from './errors.ts'
import { createHttpHandler } from './http-handler.ts'
import { createInstanceMetadata } from './instance-metadata.ts'
import { presignCallerIdentity } from './presign.ts'
import { resolveSettings } from './settings.ts'

// AWS honours the URL for 15 minutes; kubectl asks for the next token a minute before.
const LIFETIME_MS = 14 * 60 * 1000

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
  /** Default: what the environment, the profile or the instance says, else us-east-1. */
  readonly region?: string | undefined
  readonly environment: Environment
  /**
   * Opens the way to AWS, where it has to be asked at all; called once. `caBundle` is the profile's setting.
   * The dispatcher is destroyed before the token is given.
   */
  readonly createDispatcher: (options: { caBundle: string | undefined }) => Promise<Dispatcher>
  readonly mfaCodeProvider?: MfaCodeProvider | undefined
  /** Default: the clock. */
  readonly now?: () => Date
}

function checkNotExpired({ expiration, source }: Credentials, now: Date): void {
  if (expiration === undefined || expiration > now) return
  throw new CredentialsError(
    'expired_credentials',
    `the credentials from ${source} expired at ${expiration.toISOString()}: renew them`,
  )
}

async function credentialsFor(
  context: CredentialContext,
  options: TokenOptions,
  now: () => Date,
): Promise<Credentials> {
  const base = await resolveCredentials(context)
  checkNotExpired(base, now())
  const { roleArn, externalId, sessionName } = options
  if (roleArn === undefined) return base
  const { assumeRole } = await import('./credentials/assume-role.ts')
  const assumed = await assumeRole({ context, base, roleArn, externalId, sessionName })
  checkNotExpired(assumed, now())
  return assumed
}

/**
 * Makes a token: resolves credentials, assumes the role where one is given, and presigns. With static keys and no role
 * nothing goes over the network.
 *
 * @throws {CredentialsError}
 */
export async function getToken(options: TokenOptions): Promise<Token> {
  const { clusterId, region, environment, createDispatcher, mfaCodeProvider, now = () => new Date() } = options
  const instanceMetadata = createInstanceMetadata(environment)
  const settings = await resolveSettings({ environment, region, instanceMetadata })
  const http = createHttpHandler(() => createDispatcher({ caBundle: settings.caBundle }))
  try {
    const context = { environment, settings, http, instanceMetadata, mfaCodeProvider }
    const credentials = await credentialsFor(context, options, now)
    const signingTime = now()
    const url = await presignCallerIdentity({
      clusterId,
      credentials,
      endpoint: settings.endpoint,
      now: signingTime,
    })
    const ends = [signingTime.getTime() + LIFETIME_MS, credentials.expiration?.getTime() ?? Infinity]
    return { token: encodeToken(url), expiration: new Date(Math.min(...ends)) }
  } finally {
    await http.close()
  }
}
