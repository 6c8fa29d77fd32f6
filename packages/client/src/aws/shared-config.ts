import { join } from 'node:path'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { DOCUMENT_LIMITS } from '@aws-iam-authenticator/core/document/limits'
import { checkFileKind } from '@aws-iam-authenticator/files/kind/check-file-kind'
import { loadSharedConfigFiles } from '@smithy/core/config'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { CredentialsError } from './credentials-error.ts'
import { homeFolder } from '@aws-iam-authenticator/network/home-folder'
import { readText } from './read-text.ts'

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
  /** The profile in use. */
  readonly profile: {
    readonly name: string
    /** The variable that selects it; undefined for the default profile. */
    readonly namedBy: string | undefined
    readonly settings: ProfileSettings
  }
  readonly profiles: ReadonlyMap<string, ProfileSettings>
}

// The AWS CLI and the Go program ignore HOME on Windows.
const HOMES = process.platform === 'win32' ? ['USERPROFILE', 'HOME'] : ['HOME', 'USERPROFILE']

function locateSharedFiles(environment: Environment): SharedFiles {
  const folder = join(homeFolder(environment, HOMES), '.aws')
  return {
    filepath: firstSet(environment, 'AWS_SHARED_CREDENTIALS_FILE')?.value ?? join(folder, 'credentials'),
    configFilepath: firstSet(environment, 'AWS_CONFIG_FILE')?.value ?? join(folder, 'config'),
  }
}

/**
 * Checks the kind of the files that the SDK's parser reads.
 *
 * @throws {CredentialsError} `invalid_settings`
 */
function checkKinds({ filepath, configFilepath }: SharedFiles, environment: Environment): void {
  const named = [
    ['AWS_SHARED_CREDENTIALS_FILE', filepath],
    ['AWS_CONFIG_FILE', configFilepath],
  ] as const
  for (const [variable, path] of named) {
    try {
      checkFileKind(path.startsWith('~/') ? join(homeFolder(environment), path.slice(2)) : path, DOCUMENT_LIMITS.length)
    } catch (cause) {
      throw new CredentialsError('invalid_settings', `${messageOf(cause)}: name another file in ${variable}`, { cause })
    }
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
 * in the config file. A missing file counts as empty.
 *
 * @throws {CredentialsError} `invalid_settings`: one of them is not a regular file.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function loadSharedConfig(environment: Environment): Promise<SharedConfig> {
  const files = locateSharedFiles(environment)
  checkKinds(files, environment)
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ...files, ignoreCache: true })
  const profiles = new Map<string, Map<string, string>>()
  for (const [name, settings] of [...Object.entries(configFile), ...Object.entries(credentialsFile)]) {
    const profile = profiles.get(name) ?? new Map<string, string>()
    for (const [key, value] of Object.entries(settings)) if (value !== undefined) profile.set(key, value)
    profiles.set(name, profile)
  }
  const named = firstSet(environment, 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE')
  const name = named?.value ?? 'default'
  return { files, profile: { name, namedBy: named?.name, settings: profiles.get(name) ?? new Map() }, profiles }
}

function sections(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const start = line.trimStart()
    const end = start.indexOf(']')
    return start.startsWith('[') && end > 0 ? [start.slice(1, end).trim()] : []
  })
}

/** The profile name in a section of the config file, such as `profile "work"`. */
function profileOf(section: string): string | undefined {
  if (section === 'default') return section
  if (!/^profile\s/.test(section)) return undefined
  return section
    .slice('profile'.length)
    .trim()
    .replaceAll(/^["']|["']$/g, '')
}

/** The names of all profiles, including sections without settings, which the SDK's parser drops. */
export function profileNames({ files }: SharedConfig): ReadonlySet<string> {
  const inConfig = sections(readText(files.configFilepath) ?? '').flatMap((section) => profileOf(section) ?? [])
  return new Set([...inConfig, ...sections(readText(files.filepath) ?? '')])
}
