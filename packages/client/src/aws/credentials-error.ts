import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'

/** Why there is no token. */
export type CredentialsErrorCode =
  /** Nothing in the chain held credentials. */
  | 'no_credentials'
  /** A profile is named that no file has. */
  | 'unknown_profile'
  /** A profile is there, but can't be used as it is written. */
  | 'invalid_profile'
  /** A setting of the environment or of a profile has a value that means nothing. */
  | 'invalid_settings'
  | 'expired_credentials'
  | 'sso_expired'
  /** The SSO session is good, but does not reach that account and role. */
  | 'sso_denied'
  /** The session of `aws login` is over. */
  | 'login_expired'
  | 'credential_process_failed'
  | 'web_identity_failed'
  | 'container_failed'
  | 'instance_failed'
  | 'mfa_required'
  | 'assume_role_denied'
  /** AWS answered and said no, for another reason than those above. */
  | 'sts_rejected'
  /** AWS refuses what is signed with this machine's time. */
  | 'clock_off'
  | 'sts_throttled'
  | 'sts_unreachable'
  | 'untrusted_certificate'

/** There is no token: `message` says why and what to do next, in one line. */
export class CredentialsError extends AuthenticatorError<CredentialsErrorCode> {
  override readonly name = 'CredentialsError'
}
