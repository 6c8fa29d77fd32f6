import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { formatProblem } from '@aws-iam-authenticator/core/errors/problem'
import { findPathMismatches, type BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { BACKEND_MODE, BACKEND_PATHS, SERVER_OPTIONS } from '../command-line/server-options.ts'
import { UsageError } from '../command-line/usage-error.ts'

/**
 * Validates the settings of `server` and `init` before either writes a file or binds a port. Logs warnings.
 *
 * @returns The cluster ID.
 * @throws {UsageError} A flag or variable is not valid, or the cluster ID is missing.
 * @throws {ConfigurationError} The configuration file has errors; the message has all of them.
 */
export function requireServerConfiguration({ configuration, setting, log }: CommandContext): string {
  for (const problem of configuration.problems) if (problem.severity === 'warning') log.warn(formatProblem(problem))
  const errors = configuration.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ConfigurationError('the configuration file has errors', errors)
  for (const option of SERVER_OPTIONS) setting(option)
  const hasPath = (mode: BackendMode): boolean => {
    const option = BACKEND_PATHS.get(mode)
    return option !== undefined && setting(option) !== null
  }
  const [mismatch] = findPathMismatches(setting(BACKEND_MODE).modes, hasPath)
  if (mismatch !== undefined) {
    const { mode, key, isMissing } = mismatch
    throw new ConfigurationError(
      isMissing
        ? `backend ${mode} has no file: set ${key}, or leave ${mode} out of --backend-mode`
        : `${key} is set and no backend reads it: add ${mode} to --backend-mode, or remove the path`,
    )
  }
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw new UsageError('cluster ID not specified')
  return clusterId
}
