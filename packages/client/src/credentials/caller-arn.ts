import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { commonSdkError, unknownSdkError } from './sdk-error.ts'
import { callSts } from '../sts/call.ts'

/**
 * Asks STS whose credentials these are.
 *
 * @returns The ARN, such as `arn:aws:sts::123456789012:assumed-role/Admin/alice`.
 * @throws {CredentialsError}
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function callerArn(
  context: Pick<CredentialContext, 'environment' | 'settings' | 'http'>,
  credentials: Credentials,
): Promise<string> {
  try {
    const result = await callSts({ context, credentials, action: 'GetCallerIdentity', parameters: {} })
    return result.get('Arn') ?? ''
  } catch (error) {
    throw (
      commonSdkError(error, credentials.source, context.http) ??
      unknownSdkError('sts_rejected', `STS does not say who has the credentials from ${credentials.source}`, error)
    )
  }
}
