import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import type { Dispatcher } from 'undici'
import { resolveCredentials } from './credentials/chain.ts'
import type { Credentials } from './aws/credentials.ts'
import { namedBundle } from '@aws-iam-authenticator/network/connect/trust-source'
import { withTimeLimit } from '@aws-iam-authenticator/network/time-limit'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { createHttpHandler } from './aws/http-handler.ts'
import { createInstanceMetadata } from './aws/instance-metadata.ts'
import { resolveSettings } from './aws/settings.ts'

/** The region, endpoint options and credentials for a call to AWS. */
export interface AwsAccess {
  readonly region: string
  readonly fips: boolean
  readonly dualStack: boolean
  readonly credentials: Credentials
}

export interface AwsAccessOptions {
  readonly environment: Environment
  /** The region to call, including STS. */
  readonly region: () => Promise<string>
  /** Sends the requests to AWS. Not closed here. */
  readonly dispatcher: Dispatcher
  /** The role to assume, and headers for that call, which the trust policy can check. */
  readonly role?: { readonly arn: string; readonly headers: Readonly<Record<string, string>> } | undefined
  /** Default: the clock. */
  readonly now?: () => Date
}

/** The maximum session of a role assumed with another role's credentials, in seconds. Every role allows it. */
const ROLE_DURATION_SECONDS = 3600

/** The time before expiry at which credentials are renewed, in milliseconds. */
const RENEWAL_MS = 5 * 60_000

/** The time after which credentials without an expiry are read again, in milliseconds. Their file may change. */
const MAX_AGE_MS = 15 * 60_000

/** Time limit for a renewal, in milliseconds. A login waits 5 s in all for EC2. */
const RENEWAL_TIMEOUT_MS = 4_000

async function resolveAccess(
  { environment, region, dispatcher, role }: AwsAccessOptions,
  now: () => Date,
): Promise<AwsAccess> {
  const instanceMetadata = createInstanceMetadata(environment)
  const regionOrigin = 'this server'
  const settings = await resolveSettings({ environment, region: await region(), regionOrigin, instanceMetadata })
  const http = createHttpHandler(() => Promise.resolve(dispatcher), {
    now,
    bundle: namedBundle({ environment }),
    region: { name: settings.region, origin: regionOrigin },
  })
  const context = { environment, settings, http, instanceMetadata }
  const { region: resolved, fips, dualStack } = settings
  const base = await resolveCredentials(context)
  if (role === undefined) return { region: resolved, fips, dualStack, credentials: base }
  const { assumeRole } = await import('./credentials/assume-role.ts')
  const credentials = await assumeRole({
    context,
    base,
    roleArn: role.arn,
    durationSeconds: ROLE_DURATION_SECONDS,
    headers: role.headers,
  })
  return { region: resolved, fips, dualStack, credentials }
}

/**
 * Creates access to AWS for a long-running process. It is resolved on demand, kept while its credentials are valid, and
 * renewed before they expire, one renewal at a time. A failed renewal is ignored while the previous credentials are valid.
 *
 * @returns A function that throws an {@link AuthenticatorError}, mostly a CredentialsError, if there is no access.
 */
export function createAwsAccess(options: AwsAccessOptions): () => Promise<AwsAccess> {
  const { now = () => new Date() } = options
  let current: { readonly access: AwsAccess; readonly goodUntilMs: number } | undefined
  let renewal: Promise<AwsAccess> | undefined

  const resolve = async (): Promise<AwsAccess> => {
    const access = await resolveAccess(options, now)
    const expiration = access.credentials.expiration?.getTime()
    const goodUntilMs = expiration === undefined ? now().getTime() + MAX_AGE_MS : expiration - RENEWAL_MS
    current = { access, goodUntilMs }
    return access
  }
  // A renewal that hangs is abandoned, so that the next one can start. If it succeeds later, its result is used.
  const renew = (): Promise<AwsAccess> =>
    withTimeLimit(
      RENEWAL_TIMEOUT_MS,
      new AuthenticatorError('credentials_timeout', `no AWS credentials within ${RENEWAL_TIMEOUT_MS / 1000} s`),
      resolve,
    )
  return async () => {
    if (current !== undefined && now().getTime() < current.goodUntilMs) return current.access
    renewal ??= renew().finally(() => (renewal = undefined))
    try {
      return await renewal
    } catch (error) {
      const expiration = current?.access.credentials.expiration?.getTime() ?? Infinity
      if (current !== undefined && now().getTime() < expiration) return current.access
      throw error
    }
  }
}
