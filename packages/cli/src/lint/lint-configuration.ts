import { checkMappings } from '@aws-iam-authenticator/core/lint/check-mappings'
import { CLOSED_GATES, type FeatureGates } from '@aws-iam-authenticator/core/configuration/feature-gates'
import {
  BACKENDS,
  backendsWithKey,
  findPathMismatches,
  type BackendMode,
} from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { Location, Problem } from '@aws-iam-authenticator/core/errors/problem'
import { FEATURE_GATES, GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import {
  BACKEND_MODE,
  BACKEND_PATHS,
  DYNAMIC_BACKEND_MODE_PATH,
  KUBECONFIG_PREGENERATED,
  SERVER_OPTIONS,
} from '../command-line/server-options.ts'
import { problemOfSetting, settingOf } from '../command-line/settings.ts'
import { parseTomlConfiguration } from '../command-line/toml-configuration.ts'
import { parseYamlConfiguration } from '../command-line/yaml-configuration.ts'

const OPTIONS: readonly Option<unknown>[] = [...GLOBAL_OPTIONS, ...SERVER_OPTIONS]

/** Returns an option's value from the file alone; the default if the value is not set or not valid. */
function valueOf<T>(option: Option<T>, settings: ConfigurationFile['settings']): T {
  const file = { settings }
  if (problemOfSetting(option, file) !== null) return option.fallback
  return settingOf(option, { flags: new Map(), environment: {}, file })
}

type Warn = (key: string, message: string) => void

/** Returns a warning for what only some backends read, none of which is in server.backendMode. */
function unless(modes: readonly BackendMode[]): string {
  const [first = '', ...others] = modes
  const names = others.length === 0 ? `${first} is not` : `neither ${modes.join(' nor ')} is`
  return `has no effect: ${names} in server.backendMode`
}

/** Warns of settings for backends that are not in server.backendMode. */
function warnOfBackends(file: ConfigurationFile, warn: Warn): void {
  const { modes } = valueOf(BACKEND_MODE, file.settings)
  const isAsked = (mode: BackendMode): boolean => modes.includes(mode)
  const { roles, users, accounts } = file.mappings
  const lists = new Map<string, readonly unknown[]>([
    ['mapRoles', roles],
    ['mapUsers', users],
    ['mapAccounts', accounts],
  ])
  const keys = BACKENDS.flatMap((backend) => (backend.path === undefined ? backend.keys : []))
  for (const key of new Set(keys)) {
    const readers = backendsWithKey(key)
    if (!readers.some(isAsked) && lists.get(key)?.length !== 0) warn(`server.${key}`, unless(readers))
  }
  for (const mode of file.reservedPrefixes.keys()) {
    if (!isAsked(mode)) warn('server.reservedPrefixConfig', unless([mode]))
  }
}

/** Warns of settings that have no effect without, or because of, another setting. */
function warnOfPairs({ settings }: ConfigurationFile, warn: Warn): void {
  const has = (key: string): boolean => settings.has(key.toLowerCase())
  for (const { path, keys } of BACKENDS) {
    if (path === undefined || has(`server.${path.key}`)) continue
    for (const key of keys) warn(`server.${key}`, `has no effect without server.${path.key}`)
  }
  if (!has('server.ec2DescribeInstancesRoleARN')) {
    warn('server.sourceARN', 'has no effect without server.ec2DescribeInstancesRoleARN')
  }
  if (valueOf(KUBECONFIG_PREGENERATED, settings)) {
    warn('server.generateKubeconfig', 'has no effect: server.kubeconfigPregenerated is true')
  }
}

/** Finds mismatches of server.backendMode and the paths of backends, with which the server does not start. */
function errorsOfPaths({ settings }: ConfigurationFile): readonly (readonly [key: string, message: string])[] {
  const hasPath = (mode: BackendMode): boolean => {
    const option = BACKEND_PATHS.get(mode)
    return option !== undefined && valueOf(option, settings) !== null
  }
  return findPathMismatches(valueOf(BACKEND_MODE, settings).modes, hasPath).map(({ mode, key, isMissing }) =>
    isMissing
      ? ['server.backendMode', `${mode} has no file: set ${key}`]
      : [key, `is set and no backend reads it: add ${mode} to server.backendMode`],
  )
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
  // Only a warning without server.backendMode: the flag --backend-mode of the server may name the backend.
  for (const [key, message] of errorsOfPaths(file)) add(saysBackends ? 'error' : 'warning', key, message)
  return problems
}

/** Finds entries whose usernames begin with a reserved prefix: they reject everyone they match. */
function problemsOfReserved({ mappings, reservedPrefixes }: ConfigurationFile): Problem[] {
  const prefixes = backendsWithKey('mapRoles').flatMap((mode) => reservedPrefixes.get(mode) ?? [])
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
  const parse = options.format === 'toml' ? parseTomlConfiguration : parseYamlConfiguration
  let gates = CLOSED_GATES
  const file = parse(text, source, (settings) => {
    gates = union(valueOf(FEATURE_GATES, settings), options.gates)
    return gates
  })
  const odd = [...checkMappings(file.mappings), ...problemsOfReserved(file)]
  return [...file.problems, ...problemsOfSettings(file), ...odd]
}
