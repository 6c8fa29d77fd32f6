import type { fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials, CredentialSource } from '../aws/credentials.ts'

/** What the SDK's clients take for their requestHandler. */
type RequestHandler = NonNullable<
  NonNullable<Parameters<typeof fromTemporaryCredentials>[0]['clientConfig']>['requestHandler']
>

/** What the SDK's providers resolve to. */
interface SdkCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

/** Drops what the SDK has to say: some of its providers would write it to the console. */
export const silent = {
  trace(): void {},
  debug(): void {},
  info(): void {},
  warn(): void {},
  error(): void {},
}

/**
 * The settings of the SDK's own clients, but for the region: in the SSO provider a region here would win over the
 * session's.
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
