import { extname } from 'node:path'
import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import {
  EMPTY_CONFIGURATION,
  type ConfigurationFile,
} from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { FeatureGates } from '@aws-iam-authenticator/core/configuration/feature-gates'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { describeFailure } from '@aws-iam-authenticator/files/system-failure'
import { FEATURE_GATES } from './global-options.ts'
import { settingOf, settingOrDefault, type SettingSources } from './settings.ts'

/** The extensions of configuration files. */
export const FORMATS: readonly string[] = ['.yaml', '.yml', '.json', '.toml']

/**
 * Reads the configuration file.
 *
 * @throws {ConfigurationError} The file can't be read or parsed, or its extension is unknown.
 */
export async function loadConfigurationFile(
  path: string | null,
  sources: Omit<SettingSources, 'file'>,
): Promise<ConfigurationFile> {
  if (path === null) return EMPTY_CONFIGURATION
  const unreadable = (why: string, cause?: unknown): ConfigurationError =>
    new ConfigurationError(`Can't read configuration file ${path}: ${why}`, [], { cause })
  const format = extname(path).toLowerCase()
  if (!FORMATS.includes(format)) {
    throw unreadable(`its name must end in one of ${FORMATS.join(', ')}`)
  }
  let text: string
  try {
    text = readRegularFileSync(path)
  } catch (error) {
    throw unreadable(describeFailure(error), error)
  }
  const gatesOf = (settings: ConfigurationFile['settings']): FeatureGates =>
    settingOrDefault(FEATURE_GATES, (option) => settingOf(option, { ...sources, file: { settings } }))
  const file =
    format === '.toml'
      ? (await import('./toml-configuration.ts')).parseTomlConfiguration(text, path, gatesOf)
      : (await import('./yaml-configuration.ts')).parseYamlConfiguration(
          text,
          path,
          gatesOf,
          format === '.json' ? 'json' : 'yaml',
        )
  if (!file.readable) throw new ConfigurationError(`Can't read configuration file ${path}:`, file.problems)
  return file
}
