import { hostname } from 'node:os'
import { findSource } from './chain.ts'
import type { CredentialContext } from '../aws/context.ts'
import { readText } from '../aws/read-text.ts'
import { Sha256 } from '../aws/sha256.ts'
import { reachableProfiles, type ProfileSettings } from '../aws/shared-config.ts'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'

const FORMAT = 'aws-iam-authenticator 1'

// What shells and kubectl change from one call to the next, and no program that gives credentials goes by.
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

/** The role that credentials are for. */
export interface RoleIdentity {
  readonly roleArn: string
  readonly externalId?: string | undefined
  readonly sessionName?: string | undefined
  readonly forwardSessionName?: boolean | undefined
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
  // Loaded for SSO alone: the names of its files are SHA-1.
  const { ssoTokenFile } = await import('./token-caches.ts')
  return contentOf(ssoTokenFile(environment, profile))
}

function variablesOf(environment: Environment, counts: (name: string) => boolean): Facts {
  const names = Object.keys(environment).filter((name) => counts(name) && !name.startsWith(OURS))
  return names.sort().map((name) => [name, environment[name]])
}

/** A command's answer may hang on anything that it is given. */
function commandSurroundings(environment: Environment, profiles: readonly ProfileSettings[]): Facts {
  const commands = profiles.map((profile) => profile.get('credential_process'))
  if (commands.every((command) => command === undefined)) return []
  const relative = commands.some((command) => command !== undefined && /(^|[\s"'=])\.{1,2}\//.test(command))
  return [variablesOf(environment, (name) => !VOLATILE.has(name)), relative ? process.cwd() : null]
}

/** All `AWS_` variables, the shared files, the region and the endpoint: each may change who one is. */
function awsSurroundings({ environment, settings }: CredentialContext): Facts {
  const { sharedConfig, region, endpoint } = settings
  return [
    variablesOf(environment, (name) => name.startsWith('AWS_')),
    [environment['HOME'], environment['USERPROFILE'], hostname()],
    [sharedConfig.profile.name, [...sharedConfig.profiles].map(([name, profile]) => [name, [...profile].flat()])],
    [region, endpoint.host, endpoint.signingRegion],
  ]
}

/**
 * A key for the credentials that the chain would find for this cluster, made without asking anybody: it differs wherever
 * the identity may. All that the chain reads goes into it: the source, the `AWS_` variables, the shared files, tokens in files, the
 * region and endpoint; for a `credential_process`, the whole environment.
 *
 * @returns undefined where the credentials' place says nothing of whose they are: what an instance, or a container's
 *   endpoint without a token, gives can change behind the same address.
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

/** A key for whoever has an access key id, where {@link sourceKey} has none. */
export function accessKey(context: CredentialContext, clusterId: string, accessKeyId: string): string {
  return digest(['access key', clusterId, accessKeyId, awsSurroundings(context)])
}

/** A key for the credentials of a role, assumed by whoever has the key `asker`. */
export function roleKey(asker: string, role: RoleIdentity): string {
  const { roleArn, externalId, sessionName, forwardSessionName } = role
  return digest(['role', asker, roleArn, externalId ?? null, sessionName ?? null, forwardSessionName ?? false])
}
