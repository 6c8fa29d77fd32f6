import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { Log } from '@aws-iam-authenticator/core/log/log'

/** The limit of lines per load and severity. After the first problems are fixed, the next load shows the others. */
const MAX_LINES = 50

/** The limit of errors of a source that `/status` shows. */
export const MAX_SHOWN_ERRORS = 10
/** The limit of a path and of a message in `/status`, in characters: they may quote a value of any length. */
const MAX_LENGTH = 400

/** An error in a source of mappings. */
export interface MappingError {
  /** The file or the object. */
  readonly source: string
  /** Lines and columns count from 1. Null in an object of the API, which has none. */
  readonly line: number | null
  readonly column: number | null
  /** The path of the value, such as `mapRoles[3].groups`; empty for the whole document. */
  readonly path: string
  readonly message: string
}

/** The errors in a source of mappings: their number, and the first of them. */
export interface SourceErrors {
  readonly count: number
  /** At most {@link MAX_SHOWN_ERRORS}. */
  readonly first: readonly MappingError[]
}

export const NO_ERRORS: SourceErrors = { count: 0, first: [] }

/** Returns the first errors, with bounded messages. */
export function sourceErrors(count: number, errors: readonly MappingError[]): SourceErrors {
  const first = errors.slice(0, MAX_SHOWN_ERRORS)
  const bounded = (error: MappingError): MappingError => ({
    ...error,
    path: error.path.slice(0, MAX_LENGTH),
    message: error.message.slice(0, MAX_LENGTH),
  })
  return { count, first: first.map(bounded) }
}

/** Logs the problems of a source, one per line; returns its errors. */
export function logProblems(log: Log, problems: readonly Problem[]): SourceErrors {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  for (const problem of errors.slice(0, MAX_LINES)) log.error(formatProblem(problem))
  for (const problem of warnings.slice(0, MAX_LINES)) log.warn(formatProblem(problem))
  const unlogged = [errors, warnings].reduce((sum, { length }) => sum + Math.max(0, length - MAX_LINES), 0)
  if (unlogged > 0) log.warn('more problems were found than are logged here', { more: unlogged })
  const shown = errors.slice(0, MAX_SHOWN_ERRORS)
  return sourceErrors(
    errors.length,
    shown.map(({ location, path, message }) => {
      const { source, line, column } = location
      return { source, line, column, path, message }
    }),
  )
}
