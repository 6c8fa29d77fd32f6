import { DOCUMENT_LIMITS } from '@aws-iam-authenticator/core/document/limits'
import {
  EMPTY_CONFIGURATION,
  type ConfigurationFile,
} from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { GatesOf } from '@aws-iam-authenticator/core/configuration/parse-configuration'
import { parse, TomlError } from 'smol-toml'
import { locateTomlKeys } from './toml-locations.ts'
import { parseYamlConfiguration } from './yaml-configuration.ts'

/** Rejects infinity and NaN: JSON would turn them into null, which counts as not set. */
function refuseUnbounded(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`${key}: ${value} is not a number that can be used`)
  return value
}

function unreadable(source: string, line: number, column: number, message: string): ConfigurationFile {
  const problem = { severity: 'error', location: { source, line, column }, path: '', message } as const
  return { ...EMPTY_CONFIGURATION, readable: false, problems: [problem] }
}

/** Parses a TOML configuration file, as `parseYamlConfiguration` does for YAML and JSON. */
export function parseTomlConfiguration(text: string, source: string, gatesOf: GatesOf): ConfigurationFile {
  const { length } = DOCUMENT_LIMITS
  if (text.length > length) return unreadable(source, 1, 1, `has more than ${length} characters, which is the limit`)
  let json: string
  try {
    json = JSON.stringify(parse(text), refuseUnbounded)
  } catch (error) {
    // The rest of the message quotes lines of the file, which may contain a token.
    if (error instanceof TomlError) {
      const [first = ''] = error.message.replace('Invalid TOML document: ', '').split('\n')
      return unreadable(source, error.line, error.column, `is not valid TOML: ${first}`)
    }
    if (error instanceof TypeError) return unreadable(source, 1, 1, error.message)
    throw error
  }
  const file = parseYamlConfiguration(json, source, gatesOf, 'json')
  const locate = locateTomlKeys(text, source)
  const relocated = <T extends { readonly path: string }>(item: T): T => ({ ...item, location: locate(item.path) })
  return {
    ...file,
    settings: new Map([...file.settings].map(([key, setting]) => [key, { ...setting, location: locate(key) }])),
    mappings: {
      ...file.mappings,
      roles: file.mappings.roles.map(relocated),
      users: file.mappings.users.map(relocated),
    },
    sections: new Map([...file.sections.keys()].map((key) => [key, locate(key)])),
    problems: file.problems.map(relocated),
  }
}
