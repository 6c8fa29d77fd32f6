import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './command.ts'

/** The static keys of the example account's user. */
export const USER_KEYS: Environment = {
  AWS_ACCESS_KEY_ID: USER_KEY_ID,
  AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
}

/** The environment of a person with that home folder and the user's keys. A value of '' leaves the variable empty. */
export function personEnvironment(home: string, ...more: readonly Environment[]): Environment {
  return Object.fromEntries([minimalEnvironment(home), USER_KEYS, ...more].flatMap((each) => Object.entries(each)))
}

/** Someone with the user's keys who runs the command in their home. */
export interface Person {
  readonly folder: string
  readonly run: (args: readonly string[], more?: Environment) => Promise<Finished>
}

/** @param variables More variables of the person's environment. */
export function startPerson(t: { teardown(action: () => void): void }, variables: Environment = {}): Person {
  const folder = temporaryFolder(t)
  const environment = personEnvironment(folder, variables)
  return {
    folder,
    run: (args, more = {}) => runCommand(args, { cwd: folder, environment: { ...environment, ...more } }),
  }
}
