import type { AuthenticatorError } from '@aws-iam-authenticator/core'
import { CredentialsError } from '../errors.ts'
import type { SharedConfig } from '../shared-config.ts'
import type { CredentialContext } from './context.ts'
import { commonSdkError, oneLine, unknownSdkError } from './sdk-error.ts'

const SSO_DENIED = /ForbiddenException|ResourceNotFoundException|No access/
const INCOMPLETE_SSO = /invalid SSO credentials|missing required property|could not be found|conflicting sso/i

// The profile at the root of a chain of roles is the one that a person has to sign in to.
function rootProfile({ profile, profiles }: SharedConfig): string {
  const seen = new Set<string>()
  let { name } = profile
  for (;;) {
    seen.add(name)
    const next = profiles.get(name)?.get('source_profile')
    if (next === undefined || seen.has(next)) return name
    name = next
  }
}

function ssoError(root: string, message: string): CredentialsError | undefined {
  if (INCOMPLETE_SSO.test(message)) return undefined
  if (SSO_DENIED.test(message)) {
    return new CredentialsError(
      'sso_denied',
      `SSO gives no access to the account and role of profile "${root}": check sso_account_id and sso_role_name`,
    )
  }
  return new CredentialsError(
    'sso_expired',
    `the SSO session of profile "${root}" is over or was never begun: run "aws sso login --profile ${root}"`,
  )
}

// Node.js puts the command line first, which may hold secrets; what the command itself said comes after it.
function processOutput(message: string): string {
  return oneLine(message.startsWith('Command failed:') ? message.slice(`${message}\n`.indexOf('\n')) : message)
}

/** Says why a profile gave no credentials. */
export function profileError(error: unknown, { settings, http }: CredentialContext): AuthenticatorError {
  const { sharedConfig } = settings
  const { name } = sharedConfig.profile
  const common = commonSdkError(error, `profile "${name}"`, http)
  if (common !== undefined) return common
  const message = error instanceof Error ? error.message : String(error)
  const root = rootProfile(sharedConfig)
  const has = (key: string): boolean => sharedConfig.profiles.get(root)?.has(key) ?? false
  if (message.includes('multi-factor')) {
    return new CredentialsError(
      'mfa_required',
      `profile "${name}" wants an MFA code, and there is no terminal to ask for it: run this in a terminal first, or ` +
        'put a session that already has MFA into the profile',
    )
  }
  if (has('credential_process')) {
    const output = processOutput(message)
    const said = output === '' ? '' : `: ${output}`
    return new CredentialsError(
      'credential_process_failed',
      `credential_process of profile "${root}" failed${said}; run that command by hand to see why`,
    )
  }
  if (has('login_session')) {
    return new CredentialsError(
      'login_expired',
      `the session of profile "${root}" is over or was never begun: run "aws login --profile ${root}"`,
    )
  }
  const sso = has('sso_session') || has('sso_start_url') ? ssoError(root, message) : undefined
  return sso ?? unknownSdkError('invalid_profile', `profile "${name}" can't be used`, error)
}
