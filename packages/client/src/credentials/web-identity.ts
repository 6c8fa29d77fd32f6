import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { fromWebToken } from '@aws-sdk/credential-providers'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { commonSdkError, unknownSdkError } from './sdk-error.ts'
import { fromSdk, sdkClientConfig, silent } from './sdk.ts'

interface Role {
  readonly roleArn: string
  readonly sessionName?: string | undefined
}

interface WebIdentityOptions extends Role {
  readonly context: Pick<CredentialContext, 'settings' | 'http'>
  readonly token: string
  /** The origin of the token, in words for a message. */
  readonly source: string
}

/**
 * Assumes a role with an OpenID Connect token.
 *
 * @throws {CredentialsError} `web_identity_failed`, or an error of any call to STS
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
async function assumeRoleWithWebIdentity(options: WebIdentityOptions): Promise<Credentials> {
  const { context, token, roleArn, sessionName, source } = options
  try {
    const provide = fromWebToken({
      webIdentityToken: token,
      roleArn,
      roleSessionName: sessionName ?? `aws-iam-authenticator-${Date.now()}`,
      clientConfig: { ...sdkClientConfig(context), region: context.settings.region },
      logger: silent,
    })
    return fromSdk(await provide(), source)
  } catch (error) {
    throw (
      commonSdkError(error, source, context.http) ??
      unknownSdkError('web_identity_failed', `cannot assume ${roleArn} with ${source}`, error)
    )
  }
}

/**
 * Gets the credentials of a pod's role (IAM roles for service accounts). The token is in a file that is renewed on disk.
 *
 * @throws {CredentialsError} As {@link assumeRoleWithWebIdentity}
 */
export async function webIdentityCredentials(
  context: CredentialContext,
  { tokenFile, namedBy, ...role }: Role & { readonly tokenFile: string; readonly namedBy: string },
): Promise<Credentials> {
  let token: string
  try {
    token = readRegularFileSync(tokenFile).trim()
  } catch (cause) {
    throw new CredentialsError(
      'web_identity_failed',
      `cannot read ${tokenFile}, which ${namedBy} names: ${messageOf(cause)}: check that it exists and may be read`,
      { cause },
    )
  }
  return await assumeRoleWithWebIdentity({
    context,
    ...role,
    token,
    source: `the web identity token in ${tokenFile}`,
  })
}
