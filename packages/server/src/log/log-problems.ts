import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { Log } from '@aws-iam-authenticator/core/log/log'

/** The limit of lines per load and severity. After the first problems are fixed, the next load shows the others. */
const MAX_LINES = 50

/** Logs the problems of a source, one per line; returns the number of errors. */
export function logProblems(log: Log, problems: readonly Problem[]): number {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  for (const problem of errors.slice(0, MAX_LINES)) log.error(formatProblem(problem))
  for (const problem of warnings.slice(0, MAX_LINES)) log.warn(formatProblem(problem))
  const unlogged = [errors, warnings].reduce((sum, { length }) => sum + Math.max(0, length - MAX_LINES), 0)
  if (unlogged > 0) log.warn('more problems were found than are logged here', { more: unlogged })
  return errors.length
}
