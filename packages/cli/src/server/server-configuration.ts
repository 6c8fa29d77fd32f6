import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID, GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import { BACKEND_MODE, DYNAMIC_FILE_PATH, SERVER_HOSTNAME, SERVER_OPTIONS } from '../command-line/server-options.ts'
import { configurationError, problemsOfOptions, type GetSetting } from '../command-line/settings.ts'
import { UsageError } from '../command-line/usage-error.ts'

const OPTIONS: readonly Option<unknown>[] = [...GLOBAL_OPTIONS, ...SERVER_OPTIONS, SERVER_HOSTNAME]

/** Finds a mismatch of the backend DynamicFile and its path. Null if there is none, or if one of the two has a problem of its own. */
function mismatchOfDynamicFile(setting: GetSetting): string | null {
  if (problemsOfOptions([BACKEND_MODE, DYNAMIC_FILE_PATH], setting).length > 0) return null
  const isDynamic = setting(BACKEND_MODE).modes.includes('DynamicFile')
  const path = setting(DYNAMIC_FILE_PATH)
  if (isDynamic && path === null)
    return 'backend DynamicFile has no file: set server.dynamicfilepath, or leave DynamicFile out of --backend-mode'
  if (isDynamic || path === null) return null
  return 'server.dynamicfilepath is set and no backend reads it: add DynamicFile to --backend-mode, or remove the path'
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
  const mismatch = mismatchOfDynamicFile(setting)
  if (problems.length === 0 && mismatch !== null) throw new ConfigurationError(mismatch)
  if (problems.length > 0) throw configurationError(problems, mismatch === null ? [] : [mismatch])
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw new UsageError('cluster ID not specified')
  return clusterId
}
