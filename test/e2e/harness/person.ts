import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { Environment } from './command.ts'
import { minimalEnvironment } from './command.ts'

/** The static keys of the example account's user. */
export const USER_KEYS: Environment = {
  AWS_ACCESS_KEY_ID: USER_KEY_ID,
  AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
}

/** The environment of a person with that home folder and the user's keys. A value of '' leaves the variable empty. */
export function personEnvironment(home: string, ...more: readonly Environment[]): Environment {
  return Object.fromEntries([minimalEnvironment(home), USER_KEYS, ...more].flatMap((each) => Object.entries(each)))
}
