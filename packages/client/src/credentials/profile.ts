import { fromIni } from '@aws-sdk/credential-providers'
import { assumeRole } from './assume-role.ts'
import type { CredentialContext } from './context.ts'
import type { Credentials } from './credentials.ts'
import { profileError } from './profile-error.ts'
import { fromSdk, sdkClientConfig, silent } from './sdk.ts'
import { assumeRoleWithWebIdentity } from './web-identity.ts'

type RoleAssumers = Required<
  Pick<NonNullable<Parameters<typeof fromIni>[0]>, 'roleAssumer' | 'roleAssumerWithWebIdentity'>
>

function durationSeconds(parameters: object): number | undefined {
  if (!('DurationSeconds' in parameters) || typeof parameters.DurationSeconds !== 'number') return undefined
  return parameters.DurationSeconds
}

// The SDK's own would take the profile's region even where AWS_REGION must win.
function roleAssumers(context: CredentialContext, source: string): RoleAssumers {
  return {
    async roleAssumer(base, parameters) {
      const { RoleArn, RoleSessionName, ExternalId, SerialNumber, TokenCode = '' } = parameters
      return await assumeRole({
        context,
        base: fromSdk(base, source),
        roleArn: RoleArn,
        sessionName: RoleSessionName,
        externalId: ExternalId,
        durationSeconds: durationSeconds(parameters),
        mfa: SerialNumber === undefined ? undefined : { serialNumber: SerialNumber, code: TokenCode },
      })
    },
    async roleAssumerWithWebIdentity({ RoleArn, RoleSessionName, WebIdentityToken }) {
      return await assumeRoleWithWebIdentity({
        context,
        token: WebIdentityToken,
        roleArn: RoleArn,
        sessionName: RoleSessionName,
        source,
      })
    },
  }
}

/**
 * The credentials of the profile in use: static keys, a chain of roles, SSO, `aws login`, credential_process or a web
 * identity. `credential_source` and the SSO cache are read by the SDK from the process's own environment.
 *
 * @throws {CredentialsError}
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export async function profileCredentials(context: CredentialContext): Promise<Credentials> {
  const { settings, mfaCodeProvider } = context
  const { profile, files } = settings.sharedConfig
  const source = `profile "${profile.name}"`
  try {
    const provide = fromIni({
      profile: profile.name,
      ...files,
      ...roleAssumers(context, source),
      ...(mfaCodeProvider !== undefined && { mfaCodeProvider }),
      clientConfig: sdkClientConfig(context),
      parentClientConfig: { region: settings.region },
      logger: silent,
    })
    return fromSdk(await provide(), source)
  } catch (error) {
    throw profileError(error, context)
  }
}
