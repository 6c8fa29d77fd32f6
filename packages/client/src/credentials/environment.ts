import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import type { Credentials } from '../aws/credentials.ts'

// Tools that fill the environment may say when the session ends. The Go SDK ignores this variable, so a value that is no
// date must not begin to hurt anybody.
function sessionEnd(environment: Environment): Date | undefined {
  const value = firstSet(environment, 'AWS_CREDENTIAL_EXPIRATION')?.value
  if (value === undefined) return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The static keys of the environment; undefined unless both the key's id and its secret are there. */
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
