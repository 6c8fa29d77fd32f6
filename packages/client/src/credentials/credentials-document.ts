import { parseJsonValue, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Credentials, CredentialSource } from '../aws/credentials.ts'

/**
 * Reads the JSON document of the EC2 metadata service or of the credentials endpoint of a container. No error quotes it.
 *
 * @returns undefined if it is not such a document.
 */
export function parseCredentialsDocument(text: string, source: CredentialSource): Credentials | undefined {
  const document = parseJsonValue(text)
  const accessKeyId = textAt(document, 'AccessKeyId')
  const secretAccessKey = textAt(document, 'SecretAccessKey')
  const sessionToken = textAt(document, 'Token')
  const expiration = new Date(textAt(document, 'Expiration') ?? '')
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) return undefined
  if (Number.isNaN(expiration.getTime())) return undefined
  return { accessKeyId, secretAccessKey, sessionToken, expiration, source }
}
