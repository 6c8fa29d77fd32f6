import { GLOBAL_STS_HOST } from '@aws-iam-authenticator/core/aws/sts-host'
import type { CredentialContext } from '../aws/context.ts'
import { CredentialsError } from '../aws/credentials-error.ts'
import { stsTarget } from '../sts/endpoint-url.ts'

function globalEndpoint({ settings }: Pick<CredentialContext, 'settings'>): CredentialsError {
  const { region, regionOrigin, legacy } = settings
  const cause =
    region === 'aws-global'
      ? `region "aws-global" of ${regionOrigin} leads there: name a region, such as us-east-1`
      : legacy
        ? 'AWS_STS_REGIONAL_ENDPOINTS or sts_regional_endpoints of the profile is legacy: set AWS_STS_REGIONAL_ENDPOINTS=regional'
        : `the endpoint URL of STS leads there: set it to https://sts.${region}.amazonaws.com`
  return new CredentialsError('global_endpoint', `the global endpoint of STS does not sign JWTs, and ${cause}`)
}

/**
 * Checks that the settings lead to a regional endpoint of STS. The global one does not sign JWTs.
 *
 * @throws {CredentialsError} `global_endpoint`, `invalid_settings`
 */
export function checkRegionalEndpoint(context: Pick<CredentialContext, 'environment' | 'settings'>): void {
  const { hostname } = stsTarget(context.environment, context.settings).url
  if (hostname === GLOBAL_STS_HOST) throw globalEndpoint(context)
}
