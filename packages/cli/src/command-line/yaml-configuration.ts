// A separate module, so that commands without a YAML configuration file start without the YAML parser.
import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { parseConfiguration, type GatesOf } from '@aws-iam-authenticator/core/configuration/parse-configuration'
import { SERVER_KEYS } from './server-options.ts'

/** Parses a YAML or JSON configuration file. */
export function parseYamlConfiguration(
  text: string,
  source: string,
  gatesOf: GatesOf,
  format: 'yaml' | 'json' = 'yaml',
): ConfigurationFile {
  return parseConfiguration(text, source, { serverKeys: SERVER_KEYS, gatesOf, format })
}
