import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import {
  EMPTY_CONFIGURATION,
  type ConfigurationFile,
  type Setting,
} from '@aws-iam-authenticator/core/configuration/configuration-file'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID, FEATURE_GATES, GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import { parseFlags } from '../command-line/parse-flags.ts'
import { BACKEND_MODE, BACKEND_PATHS, SERVER_OPTIONS } from '../command-line/server-options.ts'
import { problemOfSetting, settingOf } from '../command-line/settings.ts'
import { parseYamlConfiguration } from '../command-line/yaml-configuration.ts'
import type { ClusterMappings } from '../cluster/read-cluster.ts'
import { errorsIn } from './source.ts'

const OPTIONS = [...SERVER_OPTIONS, CLUSTER_ID, FEATURE_GATES]

/** The settings of the server in a cluster. */
interface ServerSettings {
  readonly configuration: ConfigurationFile
  /** Its name in locations and messages; null if the cluster has no configuration file, or it can't be read. */
  readonly source: string | null
  /** True if its backends are known, because both its file and its flags were read. */
  readonly isComplete: boolean
  readonly notes: readonly string[]
}

/** The settings that flags of the server give, as those of a configuration file. */
function settingsOfFlags(args: readonly string[], source: string): ReadonlyMap<string, Setting> {
  const { flags } = parseFlags(args, [...SERVER_OPTIONS, ...GLOBAL_OPTIONS])
  const location = { source, line: 1, column: 1 }
  return new Map(
    OPTIONS.flatMap(({ flag, keys }) => {
      const value = flag === null ? undefined : flags.get(flag)
      const [key] = keys ?? []
      return value === undefined || key === undefined ? [] : [[key.toLowerCase(), { value, location }] as const]
    }),
  )
}

/** Parses the configuration file. Notes say what is wrong with it. */
function parseFile(
  text: string,
  source: string,
  overrides: ReadonlyMap<string, Setting>,
  notes: string[],
): ConfigurationFile {
  const file = parseYamlConfiguration(text, source, (settings) => {
    const merged = { settings: new Map([...settings, ...overrides]) }
    return problemOfSetting(FEATURE_GATES, merged) === null
      ? settingOf(FEATURE_GATES, { flags: new Map(), environment: {}, file: merged })
      : FEATURE_GATES.fallback
  })
  const count = errorsIn(file.problems)
  if (!file.readable)
    notes.push(`${source} can't be parsed: ${new ConfigurationError('', file.problems).lines.join(' ').trim()}`)
  else if (count > 0)
    notes.push(`${source} has ${count === 1 ? 'an error' : `${count} errors`}, with which the server does not start`)
  return file
}

/** Removes invalid settings, with a note about each, and the paths of files on the server's machine. */
function usableSettings(settings: ReadonlyMap<string, Setting>, notes: string[]): ReadonlyMap<string, Setting> {
  const usable = new Map(settings)
  for (const option of OPTIONS) {
    const problem = problemOfSetting(option, { settings })
    if (problem === null) continue
    for (const key of option.keys ?? []) usable.delete(key.toLowerCase())
    notes.push(`${problem.location.source}: ${problem.path}: ${problem.message}`)
  }
  for (const [mode, { keys = [] }] of BACKEND_PATHS) {
    for (const key of keys) {
      if (!usable.delete(key.toLowerCase())) continue
      notes.push(`the file of ${mode} is on the machines of the server: give a copy of it as an argument`)
    }
  }
  return usable
}

function unreadable(what: string, server: string, fault: string): string {
  return `the server's own settings are not known: ${what} can't be read from ${server}: ${fault}; give them with -c and --backend-mode`
}

/** Reads the settings of the server in a cluster. What is missing or wrong is in the notes. */
export function readServerSettings({ server, ownServer }: ClusterMappings): ServerSettings {
  const { configuration: text, args } = ownServer
  const source = `ConfigMap kube-system/aws-iam-authenticator of ${server}`
  const flagSource = `DaemonSet kube-system/aws-iam-authenticator of ${server}`
  const notes: string[] = []
  if (text.fault !== null) notes.push(unreadable('ConfigMap kube-system/aws-iam-authenticator', server, text.fault))
  if (args.fault !== null && args.fault !== text.fault) {
    notes.push(unreadable('DaemonSet kube-system/aws-iam-authenticator', server, args.fault))
  }
  let overrides: ReadonlyMap<string, Setting> = new Map()
  let isComplete = text.fault === null && args.fault === null && args.value !== undefined
  try {
    overrides = settingsOfFlags(args.value ?? [], flagSource)
  } catch (error) {
    isComplete = false
    notes.push(`${flagSource} has flags that can't be read: ${messageOf(error)}`)
  }
  const hasFile = typeof text.value === 'string'
  const file = hasFile ? parseFile(text.value, source, overrides, notes) : EMPTY_CONFIGURATION
  const written = new Map([...file.settings, ...overrides])
  isComplete &&= file.readable && problemOfSetting(BACKEND_MODE, { settings: written }) === null
  const settings = usableSettings(written, notes)
  return { configuration: { ...file, settings }, source: hasFile ? source : null, isComplete, notes }
}

/** The context of a command with the settings of the server in place of a configuration file. */
export function withServerSettings(context: CommandContext, { configuration }: ServerSettings): CommandContext {
  return { ...context, configuration, setting: context.settingIn(configuration) }
}
