import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readManifests } from '@aws-iam-authenticator/core/manifest/read-manifests'
import { recognizeFile } from '@aws-iam-authenticator/core/manifest/recognize'
import type { LintRules } from '@aws-iam-authenticator/core/lint/lint-file'
import type { CommandContext } from '../command-line/command.ts'
import { asksForCluster, readCluster } from '../cluster/read-cluster.ts'
import { CONFIG, FEATURE_GATES } from '../command-line/global-options.ts'
import { BACKEND_PATHS, DYNAMIC_FILE_USER_ID_STRICT } from '../command-line/server-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readInput } from '../command-line/read-input.ts'
import { filesIn, isFolder } from '../lint/files-in.ts'
import { BACKEND_READERS } from './backend-readers.ts'
import { readServerSettings, withServerSettings } from './server-settings.ts'
import { unread, type Source } from './source.ts'

const READERS = Object.values(BACKEND_READERS)

function sourcesInFile(path: string, rules: LintRules): readonly Source[] {
  const text = readInput(path)
  const from = path === '-' ? 'stdin' : path
  const kind = recognizeFile(text)
  if (kind === 'configuration' || kind === 'toml_configuration') {
    throw new UsageError(`${from} is a configuration file: name it with --config`)
  }
  if (kind === 'backend_mode_file') throw new UsageError(`${from} is a list of backends: give it with --backend-mode`)
  const reader = READERS.find(({ fileKind }) => fileKind !== undefined && fileKind === kind)
  if (reader?.inFile !== undefined) return [reader.inFile(text, from, rules)]
  const manifests = readManifests(text, from)
  const sources = READERS.flatMap(({ inManifests }) => inManifests?.(manifests, from, rules) ?? [])
  if (sources.length > 0) return sources
  throw new FileError(
    'file_invalid',
    `${from} has no mappings: neither aws-auth, IAMIdentityMappings nor a dynamic file`,
  )
}

function hasSources(path: string, rules: LintRules): boolean {
  try {
    return sourcesInFile(path, rules).length > 0
  } catch {
    return false
  }
}

/** Rejects a folder, because one backend has one source: names the files in it that could be given. */
function folderError(folder: string, rules: LintRules): UsageError {
  const files = filesIn(folder).filter((path) => hasSources(path, rules))
  const shown = files.slice(0, 3).join(' ')
  const advice =
    files.length === 0
      ? ', and no file in it has mappings'
      : `: name the files in it that have mappings, such as ${shown}`
  return new UsageError(`${folder} is a folder${advice}`)
}

/** Reads the files whose paths are configured. They may be missing, because the server may run on another machine. */
function sourcesInOwnFiles({ setting }: CommandContext, given: readonly Source[], rules: LintRules): readonly Source[] {
  return [...BACKEND_PATHS].flatMap(([mode, option]) => {
    const path = setting(option)
    const { inFile } = BACKEND_READERS[mode]
    if (path === null || inFile === undefined || given.some((source) => source.mode === mode)) return []
    try {
      return inFile(readInput(path), path, rules)
    } catch (error) {
      return unread(mode, path, `${messageOf(error)}; give a copy of it as an argument`)
    }
  })
}

/** The mappings that the command line names, and the settings that go with them. */
interface Found {
  readonly sources: readonly Source[]
  /** Has the settings of the server in the cluster, if no configuration file is named. */
  readonly context: CommandContext
  /** Whether the order of the backends is that of the server even if no setting has it. */
  readonly isOrderKnown: boolean
  readonly notes: readonly string[]
}

function requireDistinct(sources: readonly Source[]): void {
  if (sources.length === 0) {
    throw new UsageError('no mappings: name a configuration file with -c, manifests or a dynamic file, or --cluster')
  }
  for (const [index, { mode, from }] of sources.entries()) {
    const other = sources.slice(0, index).find((source) => source.mode === mode)
    if (other !== undefined)
      throw new UsageError(`${mode} is there twice, in ${other.from} and in ${from}: leave one out`)
  }
}

/**
 * Reads all mappings that the command line names, one source for each backend.
 *
 * @throws {UsageError} There are no mappings, or one backend has two sources.
 * @throws {AuthenticatorError} A file or the kubeconfig can't be read.
 */
export async function readSources(given: CommandContext): Promise<Found> {
  const config = given.setting(CONFIG)
  const cluster = asksForCluster(given) ? await readCluster(given) : undefined
  const ownSettings = cluster === undefined || config !== null ? undefined : readServerSettings(cluster)
  const context = ownSettings === undefined ? given : withServerSettings(given, ownSettings)
  const { setting, configuration, positionals } = context
  const { SSORoleMatch: sso, RolePathMatch: rolePaths } = setting(FEATURE_GATES)
  const rules = { sso, rolePaths, userIdStrict: setting(DYNAMIC_FILE_USER_ID_STRICT) }
  const from = config ?? ownSettings?.source ?? null
  const sources: Source[] = []
  if (from !== null) sources.push(...READERS.flatMap((reader) => reader.inConfiguration?.(configuration, from) ?? []))
  if (cluster !== undefined) sources.push(...READERS.flatMap(({ inCluster }) => inCluster?.(cluster, rules) ?? []))
  const folder = positionals.find((path) => path !== '-' && isFolder(path))
  if (folder !== undefined) throw folderError(folder, rules)
  sources.push(...positionals.flatMap((path) => sourcesInFile(path, rules)))
  sources.push(...sourcesInOwnFiles(context, sources, rules))
  requireDistinct(sources)
  return { sources, context, isOrderKnown: ownSettings?.isComplete === true, notes: ownSettings?.notes ?? [] }
}
