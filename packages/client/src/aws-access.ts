import { setTimeout } from 'node:timers/promises'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import type { Dispatcher } from 'undici'
import { resolveCredentials } from './credentials/chain.ts'
import type { Credentials } from './aws/credentials.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { createHttpHandler } from './aws/http-handler.ts'
import { createInstanceMetadata } from './aws/instance-metadata.ts'
import { resolveSettings } from './aws/settings.ts'

/** What a call of AWS needs: whom to ask, and as whom. */
export interface AwsAccess {
  readonly region: string
  readonly fips: boolean
  readonly dualStack: boolean
  readonly credentials: Credentials
}

export interface AwsAccessOptions {
  readonly environment: Environment
  /** The region to ask in, STS included. */
  readonly region: () => Promise<string>
  /** The way to AWS; it stays open. */
  readonly dispatcher: Dispatcher
  /** The role to ask as, and headers for the call that assumes it, by which its trust policy can tell who asks. */
  readonly role?: { readonly arn: string; readonly headers: Readonly<Record<string, string>> } | undefined
  /** Default: the clock. */
  readonly now?: () => Date
}

/** The longest that a role which was assumed with another role's credentials may be used, and what every role allows. */
const ROLE_DURATION_SECONDS = 3600

/** How long before they expire credentials are renewed. */
const RENEWAL_MS = 5 * 60_000

/** How long credentials are used that do not say when they expire: a person may replace them in their file. */
const MAX_AGE_MS = 15 * 60_000

/** How long whoever needs access waits for it: a login waits 5 s for EC2 in all. */
const RENEWAL_TIMEOUT_MS = 4_000

async function resolveAccess({ environment, region, dispatcher, role }: AwsAccessOptions): Promise<AwsAccess> {
  const instanceMetadata = createInstanceMetadata(environment)
  const settings = await resolveSettings({ environment, region: await region(), instanceMetadata })
  const http = createHttpHandler(() => Promise.resolve(dispatcher))
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
 * Access to AWS for a process that runs on: resolved when it is asked for, kept while its credentials last, and renewed
 * before they expire, by one renewal at a time. A renewal that fails is no failure while the credentials before it last.
 *
 * @returns A function that throws an {@link AuthenticatorError}, mostly a CredentialsError, where there is no access.
 */
export function createAwsAccess(options: AwsAccessOptions): () => Promise<AwsAccess> {
  const { now = () => new Date() } = options
  let current: { readonly access: AwsAccess; readonly goodUntilMs: number } | undefined
  let renewal: Promise<AwsAccess> | undefined

  const resolve = async (): Promise<AwsAccess> => {
    const access = await resolveAccess(options)
    const expiration = access.credentials.expiration?.getTime()
    const goodUntilMs = expiration === undefined ? now().getTime() + MAX_AGE_MS : expiration - RENEWAL_MS
    current = { access, goodUntilMs }
    return access
  }
  // One that hangs is let go, so that the next one can begin; if it comes to something after all, the better.
  const renew = async (): Promise<AwsAccess> => {
    const done = new AbortController()
    const giveUp = async (): Promise<never> => {
      await setTimeout(RENEWAL_TIMEOUT_MS, undefined, { signal: done.signal })
      throw new AuthenticatorError('credentials_timeout', `no AWS credentials within ${RENEWAL_TIMEOUT_MS / 1000} s`)
    }
    try {
      return await Promise.race([giveUp(), resolve()])
    } finally {
      done.abort()
    }
  }
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
