import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import type { Credentials } from '../aws/credentials.ts'

// Tools that set these variables may add the end of the session. The Go SDK ignores this variable, so an invalid date must
// not be an error.
function sessionEnd(environment: Environment): Date | undefined {
  const value = firstSet(environment, 'AWS_CREDENTIAL_EXPIRATION')?.value
  if (value === undefined) return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The static keys of the environment; undefined unless both the access key ID and the secret are set. */
export function environmentCredentials(environment: Environment): Credentials | undefined {
  const accessKeyId = firstSet(environment, 'AWS_ACCESS_KEY_ID', 'AWS_ACCESS_KEY')
  const secretAccessKey = firstSet(environment, 'AWS_SECRET_ACCESS_KEY', 'AWS_SECRET_KEY')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  const sessionToken = firstSet(environment, 'AWS_SESSION_TOKEN')
  const expiration = sessionEnd(environment)
  return {
    accessKeyId: accessKeyId.value,
    secretAccessKey: secretAccessKey.value,
    ...(sessionToken !== undefined && { sessionToken: sessionToken.value }),
    ...(expiration !== undefined && { expiration }),
    source: `the environment (${accessKeyId.name})`,
  }
}
