import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { Log } from '@aws-iam-authenticator/core/log/log'

/** Whoever mends the first ones sees the others at the next load. */
const MAX_LINES = 50

/** Tells of the problems of a source, each in a line of its own; gives the number of errors. */
export function logProblems(log: Log, problems: readonly Problem[]): number {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  for (const problem of errors.slice(0, MAX_LINES)) log.error(formatProblem(problem))
  for (const problem of warnings.slice(0, MAX_LINES)) log.warn(formatProblem(problem))
  const untold = [errors, warnings].reduce((sum, { length }) => sum + Math.max(0, length - MAX_LINES), 0)
  if (untold > 0) log.warn('there are more problems than are told here', { more: untold })
  return errors.length
}
