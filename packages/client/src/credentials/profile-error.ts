import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { CredentialsError } from '../aws/credentials-error.ts'
import type { CredentialContext } from '../aws/context.ts'
import { sdkProfileName } from '../aws/profile-sections.ts'
import { commonSdkError, oneLine, serviceError, unknownSdkError } from './sdk-error.ts'

const SSO_DENIED = /ForbiddenException|ResourceNotFoundException|No access/
const INCOMPLETE_SSO = /invalid SSO credentials|missing required property|could not be found|conflicting sso/i

/** A word as a POSIX shell reads it back. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function ssoError(name: string, message: string): CredentialsError | undefined {
  if (INCOMPLETE_SSO.test(message)) return undefined
  if (SSO_DENIED.test(message)) {
    return new CredentialsError(
      'sso_denied',
      `SSO gives no access to the account and role of profile "${name}": check sso_account_id and sso_role_name`,
    )
  }
  return new CredentialsError(
    'sso_expired',
    `the SSO session of profile "${name}" is over or was never begun: run "aws sso login --profile ${shellWord(name)}"`,
  )
}

/** Writes the profile's name as it is in the file. An error with an answer of AWS has no such name. */
function withName(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || sdkProfileName(name) === name || serviceError(error) !== undefined) return error
  return new Error(error.message.replaceAll(sdkProfileName(name), name))
}

/** Explains why the SDK got no credentials for a profile. */
export function profileError(
  failure: unknown,
  { settings, http }: CredentialContext,
  name: string,
): AuthenticatorError {
  const common = commonSdkError(failure, `profile "${name}"`, http)
  if (common !== undefined) return common
  const error = withName(failure, name)
  const message = messageOf(error)
  const profile = settings.sharedConfig.profiles.get(name)
  const has = (key: string): boolean => profile?.has(key) ?? false
  const command = profile?.get('credential_process')
  if (command !== undefined) {
    // Node.js puts the command line before the output of the command. It may contain secrets.
    const output = oneLine(message.replace(`Command failed: ${command}`, ''))
    const said = output === '' ? '' : `: ${output.replace(/\.$/, '')}`
    return new CredentialsError(
      'credential_process_failed',
      `credential_process of profile "${name}" failed${said}; run that command by hand to see why`,
    )
  }
  if (has('login_session')) {
    return new CredentialsError(
      'login_expired',
      `the session of profile "${name}" is over or was never begun: run "aws login --profile ${shellWord(name)}"`,
    )
  }
  const sso = has('sso_session') || has('sso_start_url') ? ssoError(name, message) : undefined
  return sso ?? unknownSdkError('invalid_profile', `profile "${name}" can't be used`, error)
}
