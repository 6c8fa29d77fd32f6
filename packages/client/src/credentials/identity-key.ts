import { hostname } from 'node:os'
import { findSource } from './chain.ts'
import type { CredentialContext } from '../aws/context.ts'
import { readText } from '@aws-iam-authenticator/files/read-text'
import { Sha256 } from '../aws/sha256.ts'
import { reachableProfiles, type ProfileSettings } from '../aws/shared-config.ts'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'

const FORMAT = 'aws-iam-authenticator 1'

// Variables that shells and kubectl change from call to call. No program that provides credentials depends on them.
const VOLATILE: ReadonlySet<string> = new Set([
  '_',
  'COLUMNS',
  'KUBERNETES_EXEC_INFO',
  'LINES',
  'OLDPWD',
  'PWD',
  'SHLVL',
])
const OURS = 'AWS_IAM_AUTHENTICATOR_'

type Facts = readonly (string | boolean | null | undefined | Facts)[]

/** A role to assume. */
export interface RoleIdentity {
  readonly roleArn: string
  readonly externalId?: string | undefined
  readonly sessionName?: string | undefined
  readonly forwardSessionName?: boolean | undefined
  readonly sourceIdentity?: string | undefined
}

function digest(facts: Facts): string {
  const hash = new Sha256()
  hash.update(JSON.stringify([FORMAT, ...facts]))
  return Buffer.from(hash.digestSync()).toString('hex')
}

function contentOf(path: string | undefined): Facts {
  return path === undefined ? [] : [path, readText(path)]
}

async function ssoToken(environment: Environment, profile: ProfileSettings): Promise<Facts> {
  if (!profile.has('sso_session') && !profile.has('sso_start_url')) return []
  // Loaded only for SSO, whose file names need SHA-1.
  const { ssoTokenFile } = await import('./token-caches.ts')
  return contentOf(ssoTokenFile(environment, profile))
}

function variablesOf(environment: Environment, isRelevant: (name: string) => boolean): Facts {
  const names = Object.keys(environment).filter((name) => isRelevant(name) && !name.startsWith(OURS))
  return names.sort().map((name) => [name, environment[name]])
}

/** The output of a command may depend on its whole environment and, with a relative path, on the working folder. */
function commandSurroundings(environment: Environment, profiles: readonly ProfileSettings[]): Facts {
  const commands = profiles.map((profile) => profile.get('credential_process'))
  if (commands.every((command) => command === undefined)) return []
  const isRelative = commands.some((command) => command !== undefined && /(^|[\s"'=])\.{1,2}[\\/]/.test(command))
  return [variablesOf(environment, (name) => !VOLATILE.has(name)), isRelative ? process.cwd() : null]
}

/** All `AWS_` variables, the shared files, the region and the endpoint. Each may change the identity. */
function awsSurroundings({ environment, settings }: CredentialContext): Facts {
  const { sharedConfig, region, endpoint } = settings
  return [
    // On Windows the names of variables ignore case.
    variablesOf(environment, (name) => name.toUpperCase().startsWith('AWS_')),
    [environment['HOME'], environment['USERPROFILE'], hostname()],
    [sharedConfig.profile.name, [...sharedConfig.profiles].map(([name, profile]) => [name, [...profile].flat()])],
    [region, endpoint.host, endpoint.signingRegion],
  ]
}

/**
 * Computes a cache key for the credentials that the chain would find for this cluster, without a request. Different
 * identities have different keys. The key covers everything that the chain reads: the source, the `AWS_` variables, the
 * shared files, tokens in files, the region and the endpoint, and for a `credential_process` the whole environment.
 *
 * @returns undefined if the source doesn't determine the identity. An instance, or a container's endpoint without a token,
 *   can return other credentials at the same address.
 */
export async function sourceKey(context: CredentialContext, clusterId: string): Promise<string | undefined> {
  const { environment, settings } = context
  const source = findSource(context)
  const tokenFile = firstSet(environment, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')?.value
  if (source === 'instance') return undefined
  if (source === 'container') {
    const bound = firstSet(
      environment,
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    )
    if (bound === undefined) return undefined
  }
  const profiles = source === 'profile' ? reachableProfiles(settings.sharedConfig) : []
  return digest([
    'source',
    clusterId,
    source,
    awsSurroundings(context),
    contentOf(tokenFile),
    contentOf(firstSet(environment, 'AWS_WEB_IDENTITY_TOKEN_FILE')?.value),
    profiles.map((profile) => contentOf(profile.get('web_identity_token_file'))),
    await Promise.all(profiles.map((profile) => ssoToken(environment, profile))),
    commandSurroundings(environment, profiles),
  ])
}

/** Computes a cache key from an access key ID, for sources without a {@link sourceKey}. */
export function accessKey(context: CredentialContext, clusterId: string, accessKeyId: string): string {
  return digest(['access key', clusterId, accessKeyId, awsSurroundings(context)])
}

/** Computes a cache key for a role. `baseKey` is the key of the credentials that assume it. */
export function roleKey(baseKey: string, role: RoleIdentity): string {
  const { roleArn, externalId, sessionName, forwardSessionName, sourceIdentity } = role
  const names = [externalId ?? null, sessionName ?? null, forwardSessionName ?? false, sourceIdentity ?? null]
  return digest(['role', baseKey, roleArn, names])
}

/** Computes a cache key for a JWT. `credentialsKey` is the key of the credentials that it is about. */
export function jwtKey(credentialsKey: string, audience: string, algorithm: string): string {
  return digest(['jwt', credentialsKey, audience, algorithm])
}
