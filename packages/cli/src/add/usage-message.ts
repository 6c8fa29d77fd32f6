import type { Problem } from '@aws-iam-authenticator/core/errors/problem'

/** Describes the problems of an entry that flags give, by the names of the flags. */
export function usageMessage(problems: readonly Problem[]): string {
  const messages = problems.map(({ path, message }) => {
    // A path such as mapRoles[0].sso.accountID, whose value comes from --sso.
    const [, , name, ...below] = path.split(/[.[\]]+/)
    const where = below.filter((key) => /^[a-z]/i.test(key)).map((key) => `${key}: `)
    return name === undefined ? message : `invalid argument for --${name}: ${where.join('')}${message}`
  })
  return messages.join('; ')
}
