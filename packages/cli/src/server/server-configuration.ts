import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { formatProblem } from '@aws-iam-authenticator/core/errors/problem'
import type { CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { BACKEND_MODE, DYNAMIC_FILE_PATH, SERVER_HOSTNAME, SERVER_OPTIONS } from '../command-line/server-options.ts'
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
  for (const option of [...SERVER_OPTIONS, SERVER_HOSTNAME]) setting(option)
  const isDynamic = setting(BACKEND_MODE).modes.includes('DynamicFile')
  const dynamicFilePath = setting(DYNAMIC_FILE_PATH)
  if (isDynamic && dynamicFilePath === null) {
    throw new ConfigurationError(
      'backend DynamicFile has no file: set server.dynamicfilepath, or leave DynamicFile out of --backend-mode',
    )
  }
  if (!isDynamic && dynamicFilePath !== null) {
    throw new ConfigurationError(
      'server.dynamicfilepath is set and no backend reads it: add DynamicFile to --backend-mode, or remove the path',
    )
  }
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw new UsageError('cluster ID not specified')
  return clusterId
}
