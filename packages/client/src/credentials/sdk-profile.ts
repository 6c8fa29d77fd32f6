import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { fromIni } from '@aws-sdk/credential-providers'
import { externalDataInterceptor } from '@smithy/core/config'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { sdkProfileName } from '../aws/profile-sections.ts'
import { profileError } from './profile-error.ts'
import { fromSdk, sdkClientConfig, silent } from './sdk.ts'
import { checkTokenCaches } from './token-caches.ts'

/**
 * Gets the credentials of a profile through the SDK: SSO, `aws login` and credential_process. The SDK finds the SSO cache
 * by the environment of the process.
 *
 * @throws {CredentialsError}
 */
export async function sdkProfileCredentials(context: CredentialContext, profile: string): Promise<Credentials> {
  const { environment, settings, pauseWhile } = context
  try {
    checkTokenCaches(environment, settings.sharedConfig.profiles.get(profile) ?? new Map())
  } catch (cause) {
    throw new CredentialsError('invalid_profile', `profile "${profile}" can't be used: ${messageOf(cause)}`, { cause })
  }
  try {
    // The SDK's providers have a copy of the parser of their own.
    for (const [path, text] of settings.sharedConfig.texts) externalDataInterceptor.interceptFile(path, text)
    const provide = fromIni({
      profile: sdkProfileName(profile),
      ...settings.sharedConfig.files,
      clientConfig: sdkClientConfig(context),
      parentClientConfig: { region: settings.region },
      logger: silent,
    })
    const runsProgram = settings.sharedConfig.profiles.get(profile)?.has('credential_process') === true
    const provided = runsProgram && pauseWhile !== undefined ? await pauseWhile(() => provide()) : await provide()
    return fromSdk(provided, `profile "${profile}"`)
  } catch (error) {
    throw profileError(error, context, profile)
  }
}
