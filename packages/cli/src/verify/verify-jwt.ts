import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type {
  TrustedIssuer,
  WebIdentitySettings,
} from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { KeySet } from '@aws-iam-authenticator/server/jwt/key-set'
import type { Verified } from '@aws-iam-authenticator/server/login/verify'
import type { Dispatcher } from 'undici'
import { USER_AGENT } from '../release/version.ts'

/** What to verify a JWT against. */
interface VerifyJwtOptions {
  readonly settings: WebIdentitySettings
  readonly clusterId: string
  readonly partition: Partition
  readonly environment: Environment
  readonly now: () => Date
}

/** Reads the keys of an issuer once, as the server does in the background. Null if they can't be read. */
async function readKeys({ url, jwksFile }: TrustedIssuer, dispatcher: Dispatcher): Promise<KeySet | null> {
  const { readKeySet } = await import('@aws-iam-authenticator/server/jwt/key-set')
  const { fetchKeySet } = await import('@aws-iam-authenticator/server/jwt/fetch-key-set')
  const address = `${url}/.well-known/jwks.json`
  const text =
    jwksFile === null
      ? (await fetchKeySet({ dispatcher, url: address, userAgent: USER_AGENT })).body
      : await readRegularFile(jwksFile).catch(() => null)
  const keys = text === null ? '' : await readKeySet(text)
  return typeof keys === 'string' ? null : keys
}

/**
 * Verifies one JWT with the keys of its issuer, as the server does. Null if it is a foreign token.
 *
 * @throws {AuthenticatorError} The proxy or trust settings for the connection to the issuer are not valid.
 */
export async function verifyJwtToken(token: string, options: VerifyJwtOptions): Promise<Verified | Refusal | null> {
  const { createJwtVerifier } = await import('@aws-iam-authenticator/server/login/jwt-verifier')
  const { createDispatcher } = await import('@aws-iam-authenticator/network/connect/dispatcher')
  const dispatcher = await createDispatcher({ environment: options.environment })
  const keys = new Map(
    options.settings.issuers.map((issuer) => {
      let current: KeySet | null = null
      const refresh = async (): Promise<void> => {
        current = await readKeys(issuer, dispatcher)
      }
      return [issuer.url, { current: () => current, refresh }]
    }),
  )
  try {
    return await createJwtVerifier({ ...options, keys })(token)
  } finally {
    await dispatcher.destroy()
  }
}
