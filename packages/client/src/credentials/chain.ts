import { firstSet, type Environment } from '../environment.ts'
import { CredentialsError } from '../errors.ts'
import type { SharedConfig } from '../shared-config.ts'
import type { CredentialContext } from './context.ts'
import type { Credentials } from './credentials.ts'
import { environmentCredentials } from './environment.ts'

// Any of these means that the profile is meant to give credentials.
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

async function fromWebIdentity(context: CredentialContext): Promise<Credentials | undefined> {
  const tokenFile = firstSet(context.environment, 'AWS_WEB_IDENTITY_TOKEN_FILE')?.value
  if (tokenFile === undefined) return undefined
  const roleArn = firstSet(context.environment, 'AWS_ROLE_ARN')?.value
  if (roleArn === undefined) {
    throw new CredentialsError('invalid_settings', 'AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not')
  }
  const sessionName = firstSet(context.environment, 'AWS_ROLE_SESSION_NAME')?.value
  const { webIdentityCredentials } = await import('./web-identity.ts')
  return await webIdentityCredentials(context, { tokenFile, roleArn, sessionName })
}

async function fromProfile(context: CredentialContext): Promise<Credentials | undefined> {
  const { settings } = context.settings.sharedConfig.profile
  if (!CREDENTIAL_KEYS.some((key) => settings.has(key))) return undefined
  const { profileCredentials } = await import('./profile.ts')
  return await profileCredentials(context)
}

async function fromContainer(context: CredentialContext): Promise<Credentials | undefined> {
  const { environment } = context
  const uri = firstSet(environment, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI')
  if (uri === undefined) return undefined
  const { containerCredentials } = await import('./container.ts')
  return await containerCredentials(context)
}

function nothingFound(environment: Environment, { profile, files }: SharedConfig, instance: unknown): CredentialsError {
  const missing = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].filter((name) => !firstSet(environment, name))
  const tried = [
    `the environment (${missing.join(' and ')} not set)`,
    'a web identity (AWS_WEB_IDENTITY_TOKEN_FILE not set)',
    `profile "${profile.name}" (no credentials in ${files.configFilepath} or ${files.filepath})`,
    'a container (no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)',
    `the EC2 instance (${instance instanceof Error ? instance.message : 'no answer'})`,
  ]
  return new CredentialsError(
    'no_credentials',
    `no AWS credentials found; tried in this order: ${tried.join(', ')}: name a profile in AWS_PROFILE, or run ` +
      '"aws configure", "aws configure sso" or "aws login"',
  )
}

/**
 * Resolves the credentials of whoever runs this, in the order of the Go SDK: the environment's keys, the environment's
 * web identity, the profile, the container, the instance. The first that is configured decides; if it fails, that is the
 * answer.
 *
 * Each step's module, and with it the SDK's provider, is loaded when its turn comes.
 *
 * @throws {CredentialsError}
 */
export async function resolveCredentials(context: CredentialContext): Promise<Credentials> {
  const { environment, settings, instanceMetadata } = context
  const configured =
    environmentCredentials(environment) ??
    (await fromWebIdentity(context)) ??
    (await fromProfile(context)) ??
    (await fromContainer(context))
  if (configured !== undefined) return configured
  const { instanceCredentials } = await import('./instance.ts')
  try {
    return await instanceCredentials(instanceMetadata)
  } catch (error) {
    if (error instanceof CredentialsError) throw error
    throw nothingFound(environment, settings.sharedConfig, error)
  }
}
