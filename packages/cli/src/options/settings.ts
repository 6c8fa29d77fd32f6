import { ConfigurationError, formatProblem, messageOf, type ConfigurationFile } from '@aws-iam-authenticator/core'
import type { Environment } from '../network/environment.ts'
import type { Option } from './option.ts'
import { UsageError } from './usage-error.ts'

/** Where settings come from. */
export interface SettingSources {
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly environment: Environment
  readonly file: Pick<ConfigurationFile, 'settings'>
}

/**
 * The value of an option: the flag, else the environment, else the configuration file, else the default.
 *
 * @throws {UsageError} The flag or the environment variable has no such value.
 * @throws {ConfigurationError} The configuration file has no such value; the error says where.
 */
export function settingOf<T>(option: Option<T>, { flags, environment, file }: SettingSources): T {
  const given = option.flag === null ? undefined : flags.get(option.flag)
  if (given !== undefined) {
    try {
      return option.parse(given)
    } catch (error) {
      throw new UsageError(`invalid argument for --${option.flag ?? ''}: ${messageOf(error)}`, { cause: error })
    }
  }
  const variable = option.environment === undefined ? undefined : environment[option.environment]
  if (variable !== undefined && variable !== '') {
    try {
      return option.parse([variable])
    } catch (error) {
      throw new UsageError(`environment variable ${option.environment ?? ''}: ${messageOf(error)}`, { cause: error })
    }
  }
  const key = option.keys?.find((candidate) => file.settings.has(candidate.toLowerCase()))
  const setting = key === undefined ? undefined : file.settings.get(key.toLowerCase())
  if (key === undefined || setting === undefined) return option.fallback
  const { value, location } = setting
  try {
    return option.parse(typeof value === 'string' ? [value] : value)
  } catch (error) {
    const problem = { severity: 'error', location, path: key, message: messageOf(error) } as const
    throw new ConfigurationError(formatProblem(problem), [], { cause: error })
  }
}
