import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import { isAwsAuth, readAwsAuthManifest } from '@aws-iam-authenticator/core/manifest/aws-auth-manifest'
import { isRecord, messageOf, textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseDynamicFile } from '@aws-iam-authenticator/core/mapping/dynamic-file'
import { readManifests } from '@aws-iam-authenticator/core/manifest/read-manifests'
import { recognizeFile } from '@aws-iam-authenticator/core/manifest/recognize'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { Location, Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { IdentityMappings } from '@aws-iam-authenticator/server/backends/identity-mappings'
import type { CommandContext } from '../command-line/command.ts'
import { asksForCluster, readCluster, type ClusterMappings } from '../cluster/read-cluster.ts'
import { CONFIG, FEATURE_GATES } from '../command-line/global-options.ts'
import { DYNAMIC_FILE_PATH, DYNAMIC_FILE_USER_ID_STRICT } from '../command-line/server-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readInput } from '../command-line/read-input.ts'

/** The mappings of one backend, as a freshly started server would load them. */
export interface Source extends BackendSnapshot {
  /** The file or API server that the mappings come from. */
  readonly from: string
  readonly errors: number
  /** Locations of entries that do not carry their own, by path. */
  readonly places?: ReadonlyMap<string, Location>
}

interface Rules {
  readonly sso: boolean
  readonly rolePaths: boolean
  readonly userIdStrict: boolean
}

/** The number of problems that `lint` reports as errors. */
function errorsIn(problems: readonly Problem[]): number {
  return problems.filter(({ severity, isMistake }) => severity === 'error' || isMistake === true).length
}

function sourceOf(mode: BackendMode, from: string, lists: MappingLists, problems: readonly Problem[]): Source {
  return { mode, from, index: indexMappings(lists).index, fault: null, errors: errorsIn(problems) }
}

function unread(mode: BackendMode, from: string, fault: string, errors = 0): Source {
  return { mode, from, index: null, fault, errors }
}

/** Reads IAMIdentityMappings as the backend CRD does. */
function identityMappingsOf(from: string, objects: readonly unknown[], rules: Rules): Source {
  const mappings = new IdentityMappings(rules)
  for (const object of objects) {
    if (isRecord(object)) mappings.take(textAt(object, 'metadata', 'name') ?? '', object)
  }
  return { mode: 'CRD', from, index: mappings.index(), fault: null, errors: mappings.errorCount }
}

function dynamicFileOf(text: string, from: string, rules: Rules): Source {
  const { file, problems } = parseDynamicFile(text, from, rules.userIdStrict, rules)
  if (file !== null) return sourceOf('DynamicFile', from, file, problems)
  const count = errorsIn(problems)
  const fault = `${from} has ${count === 1 ? 'an error' : `${count} errors`}, which makes the whole file void`
  return unread('DynamicFile', from, fault, count)
}

function sourcesInManifests(text: string, from: string, rules: Rules): readonly Source[] {
  const { configMaps, identityMappings, problems } = readManifests(text, from)
  const broken = errorsIn(problems)
  const awsAuths = configMaps.filter(isAwsAuth).map((configMap) => {
    const awsAuth = readAwsAuthManifest(configMap, rules)
    return sourceOf('EKSConfigMap', from, awsAuth, [...problems, ...awsAuth.problems])
  })
  if (identityMappings.length === 0) return awsAuths
  const objects = identityMappings.map(({ object }) => object)
  const places = new Map(identityMappings.map(({ name, locate }) => [`IAMIdentityMapping ${name}`, locate('spec')]))
  const source = identityMappingsOf(from, objects, rules)
  return [...awsAuths, { ...source, errors: source.errors + broken, places }]
}

function sourcesInFile(path: string, rules: Rules): readonly Source[] {
  const text = readInput(path)
  const from = path === '-' ? 'stdin' : path
  const kind = recognizeFile(text)
  if (kind === 'configuration' || kind === 'toml_configuration') {
    throw new UsageError(`${from} is a configuration file: name it with --config`)
  }
  if (kind === 'backend_mode_file') throw new UsageError(`${from} is a list of backends: give it with --backend-mode`)
  const sources = kind === 'dynamic_file' ? [dynamicFileOf(text, from, rules)] : sourcesInManifests(text, from, rules)
  if (sources.length > 0) return sources
  throw new FileError(
    'file_invalid',
    `${from} has no mappings: neither aws-auth, IAMIdentityMappings nor a dynamic file`,
  )
}

function sourcesInCluster({ server, awsAuth, identityMappings }: ClusterMappings, rules: Rules): readonly Source[] {
  const sources: Source[] = []
  if (awsAuth.fault !== null)
    sources.push(unread('EKSConfigMap', server, `can't be read from ${server}: ${awsAuth.fault}`))
  else {
    const read = parseAwsAuth(awsAuth.value ?? {}, EMPTY_AWS_AUTH, rules)
    sources.push(sourceOf('EKSConfigMap', server, read, read.problems))
  }
  const { value, fault } = identityMappings
  if (fault !== null) sources.push(unread('CRD', server, `can't be read from ${server}: ${fault}`))
  else if (value !== undefined) sources.push(identityMappingsOf(server, value, rules))
  return sources
}

/** Reads the file of server.dynamicfilepath. It may be missing, because the server may run on another machine. */
function configuredDynamicFile(path: string, rules: Rules): Source {
  try {
    return dynamicFileOf(readInput(path), path, rules)
  } catch (error) {
    return unread('DynamicFile', path, `${messageOf(error)}; give a copy of it as an argument`)
  }
}

/**
 * Reads all mappings that the command line names, one source for each backend.
 *
 * @throws {UsageError} There are no mappings, or one backend has two sources.
 * @throws {AuthenticatorError} A file or the kubeconfig can't be read.
 */
export async function readSources(context: CommandContext): Promise<readonly Source[]> {
  const { setting, configuration, positionals } = context
  const { SSORoleMatch: sso, RolePathMatch: rolePaths } = setting(FEATURE_GATES)
  const rules = { sso, rolePaths, userIdStrict: setting(DYNAMIC_FILE_USER_ID_STRICT) }
  const config = setting(CONFIG)
  const sources: Source[] = []
  if (config !== null) sources.push(sourceOf('MountedFile', config, configuration.mappings, configuration.problems))
  if (asksForCluster(context)) sources.push(...sourcesInCluster(await readCluster(context), rules))
  sources.push(...positionals.flatMap((path) => sourcesInFile(path, rules)))
  const dynamicFilePath = setting(DYNAMIC_FILE_PATH)
  if (dynamicFilePath !== null && !sources.some(({ mode }) => mode === 'DynamicFile')) {
    sources.push(configuredDynamicFile(dynamicFilePath, rules))
  }
  if (sources.length === 0) {
    throw new UsageError('no mappings: name a configuration file with -c, manifests or a dynamic file, or --cluster')
  }
  for (const [index, { mode, from }] of sources.entries()) {
    const other = sources.slice(0, index).find((source) => source.mode === mode)
    if (other !== undefined)
      throw new UsageError(`${mode} is there twice, in ${other.from} and in ${from}: leave one out`)
  }
  return sources
}
