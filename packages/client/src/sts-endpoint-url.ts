import { firstSet, type Environment } from './environment.ts'
import { CredentialsError } from './errors.ts'
import type { SharedConfig } from './shared-config.ts'

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
 * The URL that calls of STS go to instead of AWS's own, as for a private endpoint; undefined without one. The SDK's own
 * client knows these settings by itself.
 *
 * @throws {CredentialsError} `invalid_settings`: it is no URL.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function endpointOverride(environment: Environment, sharedConfig: SharedConfig): URL | undefined {
  const text = configured(environment, sharedConfig)
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null) return url
  throw new CredentialsError('invalid_settings', `the endpoint URL of STS is "${text}", which is no URL`)
}
