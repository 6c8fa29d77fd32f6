import { checkMappings } from '@aws-iam-authenticator/core/lint/check-mappings'
import { CLOSED_GATES, type FeatureGates } from '@aws-iam-authenticator/core/configuration/feature-gates'
import { parseConfiguration } from '@aws-iam-authenticator/core/configuration/parse-configuration'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { Location, Problem } from '@aws-iam-authenticator/core/errors/problem'
import { FEATURE_GATES, GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import {
  BACKEND_MODE,
  DYNAMIC_BACKEND_MODE_PATH,
  DYNAMIC_FILE_PATH,
  KUBECONFIG_PREGENERATED,
  SERVER_HOSTNAME,
  SERVER_OPTIONS,
} from '../command-line/server-options.ts'
import { problemOfSetting, settingOf } from '../command-line/settings.ts'
import { parseTomlConfiguration } from '../command-line/toml-configuration.ts'

const OPTIONS: readonly Option<unknown>[] = [...GLOBAL_OPTIONS, ...SERVER_OPTIONS, SERVER_HOSTNAME]

/** Returns an option's value from the file alone; the default if the value is not set or not valid. */
function valueOf<T>(option: Option<T>, settings: ConfigurationFile['settings']): T {
  const file = { settings }
  if (problemOfSetting(option, file) !== null) return option.fallback
  return settingOf(option, { flags: new Map(), environment: {}, file })
}

type Warn = (key: string, message: string) => void

function unless(mode: BackendMode): string {
  return `has no effect: ${mode} is not in server.backendMode`
}

/** Warns of settings for backends that are not in server.backendMode. */
function warnOfBackends(file: ConfigurationFile, warn: Warn): void {
  const { modes } = valueOf(BACKEND_MODE, file.settings)
  const asks = (...wanted: readonly BackendMode[]): boolean => wanted.some((mode) => modes.includes(mode))
  const { roles, users, accounts } = file.mappings
  if (!asks('MountedFile')) {
    if (roles.length > 0) warn('server.mapRoles', unless('MountedFile'))
    if (users.length > 0) warn('server.mapUsers', unless('MountedFile'))
    if (accounts.length > 0) warn('server.mapAccounts', unless('MountedFile'))
  }
  for (const mode of file.reservedPrefixes.keys()) if (!asks(mode)) warn('server.reservedPrefixConfig', unless(mode))
  if (!asks('EKSConfigMap', 'CRD')) {
    for (const key of ['server.kubeconfig', 'server.master']) {
      warn(key, 'has no effect: neither EKSConfigMap nor CRD is in server.backendMode')
    }
  }
}

/** Warns of settings that have no effect without, or because of, another setting. */
function warnOfPairs({ settings }: ConfigurationFile, warn: Warn): void {
  const has = (key: string): boolean => settings.has(key.toLowerCase())
  if (!has('server.dynamicfilepath'))
    warn('server.dynamicfileUserIDStrict', 'has no effect without server.dynamicfilepath')
  if (!has('server.ec2DescribeInstancesRoleARN')) {
    warn('server.sourceARN', 'has no effect without server.ec2DescribeInstancesRoleARN')
  }
  if (valueOf(KUBECONFIG_PREGENERATED, settings)) {
    warn('server.generateKubeconfig', 'has no effect: server.kubeconfigPregenerated is true')
  }
}

/** Finds a mismatch of server.backendMode and server.dynamicfilepath, with which the server does not start. */
function errorOfDynamicFile({ settings }: ConfigurationFile): readonly [key: string, message: string] | null {
  const isAsked = valueOf(BACKEND_MODE, settings).modes.includes('DynamicFile')
  const path = valueOf(DYNAMIC_FILE_PATH, settings)
  if (isAsked && path === null) return ['server.backendMode', 'DynamicFile has no file: set server.dynamicfilepath']
  if (isAsked || path === null) return null
  return ['server.dynamicfilepath', 'is set and no backend reads it: add DynamicFile to server.backendMode']
}

function problemsOfSettings(file: ConfigurationFile): Problem[] {
  const problems = OPTIONS.map((option) => problemOfSetting(option, file)).filter((problem) => problem !== null)
  const locationOf = (key: string): Location | undefined =>
    file.settings.get(key.toLowerCase())?.location ?? file.sections.get(key.toLowerCase())
  const add = (severity: Problem['severity'], path: string, message: string): void => {
    const location = locationOf(path)
    if (location !== undefined) problems.push({ severity, location, path, message })
  }
  const warn: Warn = (path, message) => add('warning', path, message)
  const saysBackends = file.settings.has('server.backendmode')
  if (saysBackends && valueOf(DYNAMIC_BACKEND_MODE_PATH, file.settings) === null) warnOfBackends(file, warn)
  warnOfPairs(file, warn)
  const error = errorOfDynamicFile(file)
  // Only a warning without server.backendMode: the flag --backend-mode of the server may name the backend.
  if (error !== null) add(saysBackends ? 'error' : 'warning', ...error)
  return problems
}

/** Finds entries whose usernames begin with a reserved prefix: they reject everyone they match. */
function problemsOfReserved({ mappings, reservedPrefixes }: ConfigurationFile): Problem[] {
  const prefixes = reservedPrefixes.get('MountedFile') ?? []
  return [...mappings.roles, ...mappings.users].flatMap(({ username, location, path }): Problem[] => {
    const prefix = prefixes.find((candidate) => username.startsWith(candidate))
    if (prefix === undefined) return []
    const message = `refuses every identity that matches it: usernames that begin with "${prefix}" are reserved`
    return [{ severity: 'warning', location, path, message }]
  })
}

function union(gates: FeatureGates, others: FeatureGates): FeatureGates {
  const open = Object.entries(others).filter(([, isOpen]) => isOpen)
  return { ...gates, ...Object.fromEntries(open) }
}

/**
 * Checks a configuration file for errors and for settings without effect.
 *
 * @param options.gates Feature gates to open in addition to those of the file.
 */
export function lintConfiguration(
  text: string,
  source: string,
  options: { readonly format: 'yaml' | 'toml'; readonly gates: FeatureGates },
): readonly Problem[] {
  const parse = options.format === 'toml' ? parseTomlConfiguration : parseConfiguration
  let gates = CLOSED_GATES
  const file = parse(text, source, (settings) => {
    gates = union(valueOf(FEATURE_GATES, settings), options.gates)
    return gates
  })
  const odd = [...checkMappings(file.mappings), ...problemsOfReserved(file)]
  return [...file.problems, ...problemsOfSettings(file), ...odd]
}
