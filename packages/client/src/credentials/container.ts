import { messageOf } from '@aws-iam-authenticator/core'
import { checkFileKind } from '@aws-iam-authenticator/files'
import { fromHttp } from '@aws-sdk/credential-providers'
import { firstSet } from '../environment.ts'
import type { CredentialContext } from './context.ts'
import { CredentialsError } from '../errors.ts'
import type { Credentials } from './credentials.ts'
import { unknownSdkError } from './sdk-error.ts'
import { fromSdk, silent } from './sdk.ts'

const SOURCE = "the container's credentials endpoint"

/**
 * The credentials that ECS and EKS Pod Identity give to a container. The endpoint is beside the container, so that no
 * proxy comes between.
 *
 * @throws {CredentialsError} `container_failed`
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function containerCredentials({ environment }: CredentialContext): Promise<Credentials> {
  const relativeUri = firstSet(environment, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')?.value
  const fullUri = firstSet(environment, 'AWS_CONTAINER_CREDENTIALS_FULL_URI')?.value
  const tokenFile = firstSet(environment, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')?.value
  const token = firstSet(environment, 'AWS_CONTAINER_AUTHORIZATION_TOKEN')?.value
  try {
    if (tokenFile !== undefined) checkFileKind(tokenFile)
  } catch (cause) {
    const message = `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ${messageOf(cause)}`
    throw new CredentialsError('container_failed', message, { cause })
  }
  try {
    const provide = fromHttp({
      ...(relativeUri !== undefined && { awsContainerCredentialsRelativeUri: relativeUri }),
      ...(fullUri !== undefined && { awsContainerCredentialsFullUri: fullUri }),
      ...(tokenFile !== undefined && { awsContainerAuthorizationTokenFile: tokenFile }),
      ...(token !== undefined && { awsContainerAuthorizationToken: token }),
      maxRetries: 1,
      timeout: 1000,
      logger: silent,
    })
    return fromSdk(await provide(), SOURCE)
  } catch (error) {
    throw unknownSdkError('container_failed', `${SOURCE} gave none`, error)
  }
}
