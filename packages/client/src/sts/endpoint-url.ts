import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { Settings } from '../aws/settings.ts'
import type { SharedConfig } from '../aws/shared-config.ts'

/** The URL of STS, and the region to sign for. */
interface StsTarget {
  readonly url: URL
  readonly signingRegion: string
}

function configured(environment: Environment, { profile, profiles }: SharedConfig): string | undefined {
  const ignored = firstSet(environment, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS')?.value
  if ((ignored ?? profile.settings.get('ignore_configured_endpoint_urls'))?.toLowerCase() === 'true') return undefined
  const services = profiles.get(`services.${profile.settings.get('services') ?? ''}`)
  return (
    firstSet(environment, 'AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL')?.value ??
    services?.get('sts.endpoint_url') ??
    profile.settings.get('endpoint_url')
  )
}

/**
 * The URL for calls to STS: a configured one, for example of a private endpoint, or AWS's own. The SDK's own clients read
 * these settings themselves.
 *
 * @throws {CredentialsError} `invalid_settings`: it is not a URL, or it conflicts with other settings.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function stsTarget(environment: Environment, settings: Settings): StsTarget {
  const { sharedConfig, region, fips, dualStack, endpoint } = settings
  const text = configured(environment, sharedConfig)
  if (text === undefined) return { url: new URL(`https://${endpoint.host}`), signingRegion: endpoint.signingRegion }
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CredentialsError('invalid_settings', `the endpoint URL of STS is "${text}", which is not a URL`)
  }
  if (fips || dualStack) {
    const kind = fips ? 'FIPS' : 'dual-stack'
    throw new CredentialsError(
      'invalid_settings',
      `the endpoint URL of STS is "${text}", and a ${kind} endpoint is asked for: AWS knows no endpoint that is both`,
    )
  }
  return { url, signingRegion: region === 'aws-global' ? endpoint.signingRegion : region }
}
