import { join } from 'node:path'
import { DOCUMENT_LIMITS } from '@aws-iam-authenticator/core/document/limits'
import { UnreadableFile } from '@aws-iam-authenticator/files/kind/file-kind'
import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'
import { externalDataInterceptor, loadSharedConfigFiles } from '@smithy/core/config'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { CredentialsError } from './credentials-error.ts'
import { homeFolder } from '@aws-iam-authenticator/network/home-folder'
import { sdkFile, sdkProfileName } from './profile-sections.ts'

/** The paths of the AWS shared files, with the names that the SDK's providers use. */
interface SharedFiles {
  /** The credentials file. */
  readonly filepath: string
  readonly configFilepath: string
}

/** The settings of one profile, by name. */
export type ProfileSettings = ReadonlyMap<string, string>

/** The content of the AWS shared files. */
export interface SharedConfig {
  readonly files: SharedFiles
  /** The text of each file for the SDK's parser, by path. */
  readonly texts: ReadonlyMap<string, string>
  /** The profile in use. */
  readonly profile: {
    readonly name: string
    /** The variable that selects it; undefined for the default profile. */
    readonly namedBy: string | undefined
    readonly settings: ProfileSettings
  }
  readonly profiles: ReadonlyMap<string, ProfileSettings>
  /** The names of all profiles, including those without settings. */
  readonly names: ReadonlySet<string>
  /** The path of the file that has a setting of a profile. */
  readonly pathOf: (profile: string, key: string) => string
}

// The AWS CLI and the Go program ignore HOME on Windows.
const HOMES = process.platform === 'win32' ? ['USERPROFILE', 'HOME'] : ['HOME', 'USERPROFILE']

function locateSharedFiles(environment: Environment): SharedFiles {
  const home = homeFolder(environment)
  const locate = (variable: string, name: string): string => {
    const path = firstSet(environment, variable)?.value ?? join(homeFolder(environment, HOMES), '.aws', name)
    return path.startsWith('~/') ? join(home, path.slice(2)) : path
  }
  return {
    filepath: locate('AWS_SHARED_CREDENTIALS_FILE', 'credentials'),
    configFilepath: locate('AWS_CONFIG_FILE', 'config'),
  }
}

/**
 * Reads a shared file. One that is missing or can't be read counts as empty.
 *
 * @throws {CredentialsError} `invalid_settings`
 */
function readSharedFile(path: string, variable: string): string {
  try {
    return readRegularFileSync(path, { maxBytes: DOCUMENT_LIMITS.length })
  } catch (cause) {
    if (!(cause instanceof UnreadableFile) || cause.code === 'ENOENT') return ''
    const message = `can't read ${path}: ${cause.message}: name another file in ${variable}`
    throw new CredentialsError('invalid_settings', message, { cause })
  }
}

/** The profile in use and those that its chain of `source_profile` reaches. */
export function reachableProfiles({ profile, profiles }: SharedConfig): readonly ProfileSettings[] {
  const names = new Set<string>()
  for (let name: string | undefined = profile.name; name !== undefined && !names.has(name);) {
    names.add(name)
    name = profiles.get(name)?.get('source_profile')
  }
  return [...names].flatMap((name) => profiles.get(name) ?? [])
}

/**
 * Reads the AWS shared config and credentials files. A setting in the credentials file takes precedence over the same one
 * in the config file.
 *
 * @throws {CredentialsError} `invalid_settings`: one of them is not a regular file, or too large.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function loadSharedConfig(environment: Environment): Promise<SharedConfig> {
  const files = locateSharedFiles(environment)
  const credentials = sdkFile(readSharedFile(files.filepath, 'AWS_SHARED_CREDENTIALS_FILE'), 'credentials')
  const config = sdkFile(readSharedFile(files.configFilepath, 'AWS_CONFIG_FILE'), 'config')
  const texts = new Map([
    [files.filepath, credentials.text],
    [files.configFilepath, config.text],
  ])
  for (const [path, text] of texts) externalDataInterceptor.interceptFile(path, text)
  const names = new Map([...config.names, ...credentials.names])
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ...files })
  const profiles = new Map<string, Map<string, string>>()
  for (const [sdkName, settings] of [...Object.entries(configFile), ...Object.entries(credentialsFile)]) {
    const name = names.get(sdkName) ?? sdkName
    const profile = profiles.get(name) ?? new Map<string, string>()
    for (const [key, value] of Object.entries(settings)) if (value !== undefined) profile.set(key, value)
    profiles.set(name, profile)
  }
  const named = firstSet(environment, 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE')
  const name = named?.value ?? 'default'
  const profile = { name, namedBy: named?.name, settings: profiles.get(name) ?? new Map<string, string>() }
  const pathOf = (profileName: string, key: string): string =>
    credentialsFile[sdkProfileName(profileName)]?.[key] === undefined ? files.configFilepath : files.filepath
  return { files, texts, profile, profiles, names: new Set(names.values()), pathOf }
}
