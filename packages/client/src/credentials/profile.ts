import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { ProfileSettings, SharedConfig } from '../aws/shared-config.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { environmentCredentials } from './environment.ts'

const DURATION_SECONDS = 3600

/** Keys that make the SDK resolve a profile in another way than by its key pair. */
const SDK_KEYS = ['credential_process', 'sso_session', 'sso_start_url', 'sso_account_id', 'login_session']

function invalid(message: string): CredentialsError {
  return new CredentialsError('invalid_profile', message)
}

function staticCredentials(profile: ProfileSettings, source: string): Credentials | undefined {
  const accessKeyId = profile.get('aws_access_key_id')
  const secretAccessKey = profile.get('aws_secret_access_key')
  const sessionToken = profile.get('aws_session_token')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }), source }
}

/** The error for a profile with one half of a key pair. */
function halfKeyPair({ pathOf }: SharedConfig, profile: ProfileSettings, name: string): CredentialsError | undefined {
  const halves = ['aws_access_key_id', 'aws_secret_access_key'] as const
  const present = halves.find((key) => profile.has(key))
  const missing = halves.find((key) => !profile.has(key))
  if (present === undefined || missing === undefined) return undefined
  return invalid(
    `profile "${name}" has ${present} and no ${missing} in ${pathOf(name, present)}: add it, or remove the other`,
  )
}

/** The credentials that `credential_source` selects. `name` is the profile, for errors. */
async function namedSource(context: CredentialContext, name: string, wanted: string): Promise<Credentials> {
  const { environment, instanceMetadata } = context
  switch (wanted) {
    case 'Environment': {
      const credentials = environmentCredentials(environment)
      if (credentials !== undefined) return credentials
      throw invalid(`profile "${name}" takes its credentials from the environment, which has no AWS_ACCESS_KEY_ID`)
    }
    case 'EcsContainer': {
      const { containerCredentials } = await import('./container.ts')
      return await containerCredentials(context)
    }
    case 'Ec2InstanceMetadata': {
      const { instanceCredentials } = await import('./instance.ts')
      try {
        return await instanceCredentials(instanceMetadata)
      } catch (error) {
        if (error instanceof CredentialsError) throw error
        throw new CredentialsError(
          'instance_failed',
          `profile "${name}" takes its credentials from the EC2 instance, which has none: ${messageOf(error)}: run it on ` +
            'an instance with a role, or change credential_source',
        )
      }
    }
  }
  throw invalid(
    `credential_source of profile "${name}" is "${wanted}": it may be Environment, EcsContainer or Ec2InstanceMetadata`,
  )
}

async function askMfaCode(context: CredentialContext, name: string, serialNumber: string): Promise<string> {
  const code = await context.mfaCodeProvider?.(serialNumber)
  if (code !== undefined) return code
  throw new CredentialsError(
    'mfa_required',
    `profile "${name}" wants an MFA code, and none was given: with --cache, run this in a terminal first; or write ` +
      'the code to its standard input; or put a session that already has MFA into the profile',
  )
}

async function assumeProfileRole(
  context: CredentialContext,
  name: string,
  profile: ProfileSettings,
  base: Credentials,
): Promise<Credentials> {
  const { assumeRole } = await import('./assume-role.ts')
  const serialNumber = profile.get('mfa_serial')
  const seconds = Number(profile.get('duration_seconds') ?? DURATION_SECONDS)
  if (!Number.isInteger(seconds)) throw invalid(`duration_seconds of profile "${name}" is not a whole number`)
  const assumed = await assumeRole({
    context,
    base,
    roleArn: profile.get('role_arn') ?? '',
    sessionName: profile.get('role_session_name'),
    externalId: profile.get('external_id'),
    durationSeconds: seconds,
    mfa: serialNumber === undefined ? undefined : { serialNumber, code: await askMfaCode(context, name, serialNumber) },
  })
  return { ...assumed, source: `profile "${name}"` }
}

async function webIdentityRole(
  context: CredentialContext,
  name: string,
  profile: ProfileSettings,
): Promise<Credentials> {
  const { webIdentityCredentials } = await import('./web-identity.ts')
  return await webIdentityCredentials(context, {
    tokenFile: profile.get('web_identity_token_file') ?? '',
    namedBy: `web_identity_token_file of profile "${name}"`,
    roleArn: profile.get('role_arn') ?? '',
    sessionName: profile.get('role_session_name'),
  })
}

async function resolveProfile(
  context: CredentialContext,
  name: string,
  ancestors: readonly string[],
): Promise<Credentials> {
  const { sharedConfig } = context.settings
  const profile = sharedConfig.profiles.get(name)
  const parent = ancestors.at(-1)
  if (profile === undefined) {
    throw invalid(
      `profile "${name}", which source_profile of profile "${parent ?? ''}" names, does not exist: correct ` +
        'source_profile, or add that profile',
    )
  }
  const own = staticCredentials(profile, `profile "${name}"`)
  // The chain may lead back to a profile, which can name itself as the source of its role. Its own keys end the chain.
  if (own !== undefined && parent !== undefined) return own
  if (ancestors.includes(name)) throw invalid(`the source_profile of these leads in a cycle: ${ancestors.join(', ')}`)
  const sourceProfile = profile.get('source_profile')
  const credentialSource = profile.get('credential_source')
  const hasRole = profile.has('role_arn')
  if (sourceProfile !== undefined && credentialSource !== undefined) {
    throw invalid(`profile "${name}" has both source_profile and credential_source: remove one of them`)
  }
  if (hasRole && sourceProfile !== undefined) {
    const base = await resolveProfile(context, sourceProfile, [...ancestors, name])
    return await assumeProfileRole(context, name, profile, base)
  }
  if (credentialSource !== undefined && (hasRole || parent !== undefined)) {
    const base = await namedSource(context, name, credentialSource)
    return hasRole ? await assumeProfileRole(context, name, profile, base) : base
  }
  if (own !== undefined) return own
  if (hasRole && profile.has('web_identity_token_file')) return await webIdentityRole(context, name, profile)
  const half = SDK_KEYS.some((key) => profile.has(key)) ? undefined : halfKeyPair(sharedConfig, profile, name)
  if (half !== undefined) throw half
  const { sdkProfileCredentials } = await import('./sdk-profile.ts')
  return await sdkProfileCredentials(context, name)
}

/**
 * Resolves the credentials of the profile in use: static keys, a chain of roles, SSO, `aws login`, credential_process or a
 * web identity.
 *
 * @throws {CredentialsError}
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export async function profileCredentials(context: CredentialContext): Promise<Credentials> {
  return await resolveProfile(context, context.settings.sharedConfig.profile.name, [])
}
