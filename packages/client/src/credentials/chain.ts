import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { SharedConfig } from '../aws/shared-config.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { environmentCredentials } from './environment.ts'

/** The steps of the chain, in order. */
type Source = 'environment' | 'web_identity' | 'profile' | 'container' | 'instance'

// Any of these keys makes a profile a source of credentials.
const CREDENTIAL_KEYS = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'role_arn',
  'source_profile',
  'credential_source',
  'web_identity_token_file',
  'credential_process',
  'sso_session',
  'sso_start_url',
  'sso_account_id',
  'login_session',
]

/** Finds the first configured step, else the instance. Sends no requests and loads nothing. */
export function findSource({ environment, settings }: Pick<CredentialContext, 'environment' | 'settings'>): Source {
  const profile = settings.sharedConfig.profile.settings
  if (environmentCredentials(environment) !== undefined) return 'environment'
  if (firstSet(environment, 'AWS_WEB_IDENTITY_TOKEN_FILE') !== undefined) return 'web_identity'
  if (CREDENTIAL_KEYS.some((key) => profile.has(key))) return 'profile'
  const uris = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI']
  return firstSet(environment, ...uris) === undefined ? 'instance' : 'container'
}

async function fromWebIdentity(context: CredentialContext): Promise<Credentials> {
  const { environment } = context
  const roleArn = firstSet(environment, 'AWS_ROLE_ARN')?.value
  if (roleArn === undefined) {
    throw new CredentialsError(
      'invalid_settings',
      'AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not: set both or neither',
    )
  }
  const tokenFile = firstSet(environment, 'AWS_WEB_IDENTITY_TOKEN_FILE')?.value ?? ''
  const sessionName = firstSet(environment, 'AWS_ROLE_SESSION_NAME')?.value
  const { webIdentityCredentials } = await import('./web-identity.ts')
  const namedBy = 'AWS_WEB_IDENTITY_TOKEN_FILE'
  return await webIdentityCredentials(context, { tokenFile, namedBy, roleArn, sessionName })
}

function nothingFound(environment: Environment, { profile, files }: SharedConfig, instance: unknown): CredentialsError {
  const missing = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].filter((name) => !firstSet(environment, name))
  const [unset] = missing.length === 1 ? missing : []
  const tried = [
    `the environment (${missing.join(' and ')} not set)`,
    'a web identity (AWS_WEB_IDENTITY_TOKEN_FILE not set)',
    `profile "${profile.name}" (no credentials in ${files.configFilepath} or ${files.filepath})`,
    'a container (no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)',
    `the EC2 instance (${instance instanceof Error ? instance.message : 'no answer'})`,
  ]
  return new CredentialsError(
    'no_credentials',
    `no AWS credentials found; tried in this order: ${tried.join(', ')}: ` +
      `${unset === undefined ? '' : `set ${unset} too, `}name a profile in AWS_PROFILE, or run ` +
      '"aws configure", "aws configure sso" or "aws login"',
  )
}

async function fromInstance({ environment, settings, instanceMetadata }: CredentialContext): Promise<Credentials> {
  const { instanceCredentials } = await import('./instance.ts')
  try {
    return await instanceCredentials(instanceMetadata)
  } catch (error) {
    if (error instanceof CredentialsError) throw error
    throw nothingFound(environment, settings.sharedConfig, error)
  }
}

/**
 * Resolves credentials in the order of the Go SDK: keys in the environment, web identity in the environment, profile,
 * container, instance. The first configured step decides: if it fails, no other step is tried.
 *
 * Loads the module of a step, and with it the SDK's provider, only when the step is used.
 *
 * @throws {CredentialsError}
 */
export async function resolveCredentials(context: CredentialContext): Promise<Credentials> {
  const source = findSource(context)
  switch (source) {
    case 'environment': {
      const credentials = environmentCredentials(context.environment)
      if (credentials !== undefined) return credentials
      break
    }
    case 'web_identity':
      return await fromWebIdentity(context)
    case 'profile': {
      const { profileCredentials } = await import('./profile.ts')
      return await profileCredentials(context)
    }
    case 'container': {
      const { containerCredentials } = await import('./container.ts')
      return await containerCredentials(context)
    }
    case 'instance':
  }
  return await fromInstance(context)
}
