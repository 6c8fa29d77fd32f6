import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'

/** The reason why there is no token. */
export type CredentialsErrorCode =
  /** No step of the chain has credentials. */
  | 'no_credentials'
  /** The named profile is in no file. */
  | 'unknown_profile'
  /** The profile exists but can't be used as it is. */
  | 'invalid_profile'
  /** A setting of the environment or of a profile has an invalid value. */
  | 'invalid_settings'
  | 'expired_credentials'
  | 'sso_expired'
  /** The SSO session is valid but has no access to that account and role. */
  | 'sso_denied'
  /** The session of `aws login` has expired. */
  | 'login_expired'
  | 'credential_process_failed'
  | 'web_identity_failed'
  | 'container_failed'
  | 'instance_failed'
  | 'mfa_required'
  /** STS did not accept the MFA code. */
  | 'mfa_rejected'
  | 'assume_role_denied'
  /** AWS rejected the request for a reason not listed above. */
  | 'sts_rejected'
  /** AWS rejects signatures made with this machine's time. */
  | 'clock_off'
  | 'sts_throttled'
  | 'sts_unreachable'
  | 'untrusted_certificate'
  /** The account has not enabled outbound web identity federation. */
  | 'federation_disabled'
  /** The credentials may not get a JWT. */
  | 'jwt_denied'
  /** AWS can't put what it knows of the principal into a JWT. */
  | 'jwt_too_large'
  /** The global endpoint of STS, which has no JWTs. */
  | 'global_endpoint'
  /** The credentials expire before the shortest JWT. */
  | 'session_too_short'

/** There is no token. `message` says why and what to do next, in one line. */
export class CredentialsError extends AuthenticatorError<CredentialsErrorCode> {
  override readonly name = 'CredentialsError'
}

/** The error for an answer that AWS does not give. */
export function notFromAws(): CredentialsError {
  return new CredentialsError(
    'sts_unreachable',
    'the answer is not from AWS and does not speak its protocol: check for a proxy or a sign-in page in between',
  )
}
