import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { resolveStsEndpoint, type StsEndpoint } from '@aws-iam-authenticator/core/aws/sts-endpoint'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { CredentialsError } from './credentials-error.ts'
import type { InstanceMetadata } from './instance-metadata.ts'
import { nearestRegion, type NamedRegion } from './region.ts'
import { loadSharedConfig, type SharedConfig } from './shared-config.ts'

/** Settings of the AWS environment and the profile: how to connect and what to sign. */
export interface Settings {
  readonly sharedConfig: SharedConfig
  readonly region: string
  /** The setting that the region comes from, for messages. */
  readonly regionOrigin: string
  readonly fips: boolean
  readonly dualStack: boolean
  /** True if the oldest regions use the global STS endpoint. */
  readonly legacy: boolean
  /** The STS endpoint in the URL of a token. */
  readonly endpoint: StsEndpoint
  /** The profile's `ca_bundle`. */
  readonly caBundle: string | undefined
}

interface SettingsOptions {
  readonly environment: Environment
  /** An explicit region. It takes precedence. */
  readonly region?: string | undefined
  /** Where the explicit region comes from, for messages. Default: `--region`. */
  readonly regionOrigin?: string | undefined
  readonly instanceMetadata: InstanceMetadata
}

const FALLBACK_REGION = 'us-east-1'

interface Setting {
  readonly variable: string
  readonly key: string
}

const FIPS: Setting = { variable: 'AWS_USE_FIPS_ENDPOINT', key: 'use_fips_endpoint' }
const DUAL_STACK: Setting = { variable: 'AWS_USE_DUALSTACK_ENDPOINT', key: 'use_dualstack_endpoint' }
const STS_REGIONAL_ENDPOINTS: Setting = { variable: 'AWS_STS_REGIONAL_ENDPOINTS', key: 'sts_regional_endpoints' }

function choose(
  environment: Environment,
  { profile }: SharedConfig,
  { variable, key }: Setting,
  [off, on]: readonly [off: string, on: string],
): boolean {
  const fromEnvironment = firstSet(environment, variable)?.value
  const value = fromEnvironment ?? profile.settings.get(key)
  if (value === undefined) return false
  // The Go SDK ignores case, so we must too.
  const choice = value.toLowerCase()
  if (choice === on) return true
  if (choice === off) return false
  const where = fromEnvironment === undefined ? `${key} of profile "${profile.name}"` : variable
  throw new CredentialsError('invalid_settings', `${where} is "${value}": it may be ${on} or ${off}`)
}

async function resolveRegion(
  { environment, region, regionOrigin = '--region', instanceMetadata }: SettingsOptions,
  { profile, pathOf }: SharedConfig,
): Promise<NamedRegion> {
  if (region !== undefined) return { name: region, origin: regionOrigin }
  const variable = firstSet(environment, 'AWS_REGION', 'AWS_DEFAULT_REGION')
  if (variable !== undefined) return { name: variable.value, origin: variable.name }
  const setting = profile.settings.get('region')
  if (setting !== undefined) {
    return { name: setting, origin: `profile "${profile.name}" in ${pathOf(profile.name, 'region')}` }
  }
  try {
    return { name: await instanceMetadata.get('placement/region'), origin: 'the EC2 instance' }
  } catch {
    return { name: FALLBACK_REGION, origin: 'the default' }
  }
}

function unknownProfile({ profile, files, names }: SharedConfig): CredentialsError {
  return new CredentialsError(
    'unknown_profile',
    `${profile.namedBy ?? ''} names profile "${profile.name}"${didYouMean(profile.name, names)}, which is neither in ` +
      `${files.configFilepath} nor in ${files.filepath}: run "aws configure list-profiles" to see which there are`,
  )
}

/**
 * Resolves the settings: an explicit option, then the environment, then the profile, then the default. The region is read
 * from the instance metadata before it defaults to us-east-1.
 *
 * @throws {CredentialsError} `unknown_profile`, `invalid_settings`
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
export async function resolveSettings(options: SettingsOptions): Promise<Settings> {
  const { environment } = options
  const sharedConfig = await loadSharedConfig(environment)
  const { profile, names } = sharedConfig
  if (profile.namedBy !== undefined && !names.has(profile.name)) throw unknownProfile(sharedConfig)
  const fips = choose(environment, sharedConfig, FIPS, ['false', 'true'])
  const dualStack = choose(environment, sharedConfig, DUAL_STACK, ['false', 'true'])
  const legacy = choose(environment, sharedConfig, STS_REGIONAL_ENDPOINTS, ['regional', 'legacy'])
  const { name: region, origin: regionOrigin } = await resolveRegion(options, sharedConfig)
  let endpoint: StsEndpoint
  try {
    endpoint = resolveStsEndpoint({ region, fips, dualStack, legacy })
  } catch (error) {
    const reason = error instanceof TypeError ? error.message : `region "${region}" has no STS endpoint`
    const message = `${reason}; it comes from ${regionOrigin}${nearestRegion(region)}`
    throw new CredentialsError('invalid_settings', message, { cause: error })
  }
  return {
    sharedConfig,
    region,
    regionOrigin,
    fips,
    dualStack,
    legacy,
    endpoint,
    caBundle: profile.settings.get('ca_bundle'),
  }
}
