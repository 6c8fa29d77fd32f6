import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Option } from './option.ts'
import { UsageError } from './usage-error.ts'

/** The sources of settings. */
export interface SettingSources {
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly environment: Environment
  readonly file: Pick<ConfigurationFile, 'settings'>
}

/** An invalid value in the configuration file. */
class SettingError extends ConfigurationError {
  readonly problem: Problem
  constructor(problem: Problem, cause: unknown) {
    super(formatProblem(problem), [], { cause })
    this.problem = problem
  }
}

/** Returns an option's value from the configuration file, its default if it is not set, or an error if it is not valid. */
function readSetting<T>(option: Option<T>, file: SettingSources['file']): T | SettingError {
  const key = option.keys?.find((candidate) => file.settings.has(candidate.toLowerCase()))
  const setting = key === undefined ? undefined : file.settings.get(key.toLowerCase())
  if (key === undefined || setting === undefined) return option.fallback
  const { value, location } = setting
  try {
    const texts = typeof value === 'string' ? [value] : value
    return option.parse(texts.map((text) => option.fileWords?.get(text.toLowerCase()) ?? text))
  } catch (error) {
    return new SettingError({ severity: 'error', location, path: key, message: messageOf(error) }, error)
  }
}

/** Returns the problem with an option's value in the configuration file; null if there is none. */
export function problemOfSetting(option: Option<unknown>, file: SettingSources['file']): Problem | null {
  const read = readSetting(option, file)
  return read instanceof SettingError ? read.problem : null
}

/**
 * Returns the value of an option: from the flag, else the environment, else the configuration file, else the default.
 *
 * @throws {UsageError} The value of the flag or the environment variable is not valid.
 * @throws {ConfigurationError} The value in the configuration file is not valid; the error has its location.
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
  const read = readSetting(option, file)
  if (read instanceof SettingError) throw read
  return read
}

/** Returns the value of a setting as {@link settingOf} does, bound to its sources. */
export type GetSetting = <T>(option: Option<T>) => T

/**
 * Validates options. Returns the problems of those that have an invalid value in the configuration file.
 *
 * @throws {UsageError} The value of a flag or an environment variable is not valid.
 */
export function problemsOfOptions(options: readonly Option<unknown>[], setting: GetSetting): readonly Problem[] {
  const problems: Problem[] = []
  for (const option of options) {
    try {
      setting(option)
    } catch (error) {
      if (!(error instanceof SettingError)) throw error
      problems.push(error.problem)
    }
  }
  return problems
}

/** The value of an option, or its default if the value in the configuration file is not valid. Its problem is reported elsewhere. */
export function settingOrDefault<T>(option: Option<T>, setting: GetSetting): T {
  return problemsOfOptions([option], setting).length > 0 ? option.fallback : setting(option)
}

/** An error for problems of the configuration file: one line for a single problem, else one for each below a first line. */
export function configurationError(problems: readonly Problem[], others: readonly string[] = []): ConfigurationError {
  const [first = '', ...more] = [...problems.map(formatProblem), ...others]
  if (more.length === 0) return new ConfigurationError(first, problems, { details: [] })
  return new ConfigurationError('the configuration file has errors', problems, { details: [first, ...more] })
}
