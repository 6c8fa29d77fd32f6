import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import { partitions } from '@aws-iam-authenticator/core/aws/partition'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { canonicalizeArn } from '@aws-iam-authenticator/core/identity/arn'
import { loadSharedConfig, reachableProfiles } from '@aws-iam-authenticator/client/aws/shared-config'
import type { Environment } from '@aws-iam-authenticator/network/environment'

const ROLE_ARN = /^arn:[a-z-]{1,32}:iam::\d{12}:role\/[\w+=,.@/-]{1,600}$/
const EXAMPLE = 'arn:aws:iam::123456789012:role/NAME'

function invalid(message: string): AuthenticatorError {
  return new AuthenticatorError('invalid_setting', message)
}

/** @throws {AuthenticatorError} `invalid_setting`: not the ARN of a role. */
export function checkRole(role: string): void {
  const principal = canonicalizeArn(role)
  if (principal === 'unknown_partition') {
    const partition = role.split(':')[1] ?? ''
    const hint = didYouMean(
      partition,
      partitions.map(({ id }) => id),
    )
    throw invalid(`--role "${role}" has no such partition "${partition}"${hint}: write an ARN such as ${EXAMPLE}`)
  }
  const canonical = typeof principal === 'string' ? '' : principal.canonicalArn
  if (ROLE_ARN.test(role)) return
  const instead = ROLE_ARN.test(canonical) ? canonical : `an ARN such as ${EXAMPLE}`
  throw invalid(`--role "${role}" is not the ARN of a role: write ${instead}`)
}

/** @throws {AuthenticatorError} `invalid_setting`: AWS has no such region. */
export function checkRegion(region: string): void {
  if (publishedRegions.has(region)) return
  throw invalid(
    `no such region "${region}"${didYouMean(region, publishedRegions)}: if AWS has added it since this version, set ` +
      'it as region of the profile instead',
  )
}

/**
 * Returns whether a profile needs an MFA code.
 *
 * @param environment The environment of `token`, which can name other files with profiles.
 * @throws {AuthenticatorError} `invalid_setting`: no such profile.
 */
export async function checkProfile(profile: string, environment: Environment): Promise<boolean> {
  const shared = await loadSharedConfig({ ...environment, AWS_PROFILE: profile })
  const names = shared.names
  if (!names.has(profile)) {
    const { configFilepath, filepath } = shared.files
    throw invalid(
      `no such profile "${profile}"${didYouMean(profile, names)} in ${configFilepath} or ${filepath}: run ` +
        '"aws configure list-profiles" to see which there are',
    )
  }
  return reachableProfiles(shared).some((settings) => settings.has('mfa_serial'))
}
