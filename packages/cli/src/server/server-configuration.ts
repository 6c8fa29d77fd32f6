import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import { findPathMismatches, type BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID, FEATURE_GATES } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import { BACKEND_MODE, BACKEND_PATHS, SERVER_OPTIONS } from '../command-line/server-options.ts'
import { configurationError, problemsOfOptions, type GetSetting } from '../command-line/settings.ts'
import { UsageError } from '../command-line/usage-error.ts'

const OPTIONS: readonly Option<unknown>[] = [CLUSTER_ID, FEATURE_GATES, ...SERVER_OPTIONS]

/** Finds a mismatch of the backends and their paths. Null if there is none, or if one of these settings has a problem of its own. */
function mismatchOfPaths(setting: GetSetting): string | null {
  if (problemsOfOptions([BACKEND_MODE, ...BACKEND_PATHS.values()], setting).length > 0) return null
  const hasPath = (mode: BackendMode): boolean => {
    const option = BACKEND_PATHS.get(mode)
    return option !== undefined && setting(option) !== null
  }
  const [mismatch] = findPathMismatches(setting(BACKEND_MODE).modes, hasPath)
  if (mismatch === undefined) return null
  const { mode, key, isMissing } = mismatch
  return isMissing
    ? `backend ${mode} has no file: set ${key}, or leave ${mode} out of --backend-mode`
    : `${key} is set and no backend reads it: add ${mode} to --backend-mode, or remove the path`
}

function inOrder(a: Problem, b: Problem): number {
  return a.location.line - b.location.line || a.location.column - b.location.column
}

/**
 * Validates the settings of `server` and `init` before either writes a file or binds a port. Logs warnings.
 *
 * @returns The cluster ID.
 * @throws {UsageError} A flag or variable is not valid, or the cluster ID is missing.
 * @throws {ConfigurationError} The configuration file has errors; the error has all of them.
 */
export function requireServerConfiguration({ configuration, setting, log }: CommandContext): string {
  for (const problem of configuration.problems) if (problem.severity === 'warning') log.warn(formatProblem(problem))
  const errors = configuration.problems.filter(({ severity }) => severity === 'error')
  const problems = [...errors, ...problemsOfOptions(OPTIONS, setting)].sort(inOrder)
  const mismatch = mismatchOfPaths(setting)
  if (problems.length === 0 && mismatch !== null) throw new ConfigurationError(mismatch)
  if (problems.length > 0) throw configurationError(problems, mismatch === null ? [] : [mismatch])
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw new UsageError('cluster ID not specified')
  return clusterId
}
