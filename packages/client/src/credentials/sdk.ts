import type { fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials, CredentialSource } from '../aws/credentials.ts'

/** The type of the SDK clients' `requestHandler`. */
type RequestHandler = NonNullable<
  NonNullable<Parameters<typeof fromTemporaryCredentials>[0]['clientConfig']>['requestHandler']
>

/** The credentials that the SDK's providers return. */
interface SdkCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

/** A logger that drops everything. Some of the SDK's providers would write to the console. */
export const silent = {
  trace(): void {},
  debug(): void {},
  info(): void {},
  warn(): void {},
  error(): void {},
}

/**
 * The settings of the SDK's own clients, without the region. In the SSO provider a region here would take precedence over
 * that of the session.
 */
export function sdkClientConfig({ settings, http }: Pick<CredentialContext, 'settings' | 'http'>): {
  requestHandler: RequestHandler
  useFipsEndpoint: boolean
  useDualstackEndpoint: boolean
  useGlobalEndpoint: boolean
  logger: typeof silent
} {
  return {
    requestHandler: http,
    useFipsEndpoint: settings.fips,
    useDualstackEndpoint: settings.dualStack,
    useGlobalEndpoint: settings.legacy,
    logger: silent,
  }
}

export function fromSdk(
  { accessKeyId, secretAccessKey, sessionToken, expiration }: SdkCredentials,
  source: CredentialSource,
): Credentials {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiration }),
    source,
  }
}
