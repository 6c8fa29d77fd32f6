import { flag, text, type Option } from './option.ts'

export const ROLE: Option<string | null> = text({
  flag: 'role',
  short: 'r',
  placeholder: 'ARN',
  complete: 'roles',
  environment: 'DEFAULT_ROLE',
  keys: ['role', 'defaultRole'],
  description: 'Assume an IAM Role ARN before signing this token',
})
export const EXTERNAL_ID: Option<string | null> = text({
  flag: 'external-id',
  short: 'e',
  keys: ['externalID'],
  description: 'External ID to pass when assuming the IAM Role',
})
export const SESSION_NAME: Option<string | null> = text({
  flag: 'session-name',
  short: 's',
  environment: 'AWS_IAM_AUTHENTICATOR_SESSION_NAME',
  keys: ['sessionName'],
  description:
    'Session name to pass when assuming the IAM Role; without it aws-iam-authenticator- and the time in milliseconds',
})
export const FORWARD_SESSION_NAME: Option<boolean> = flag({
  flag: 'forward-session-name',
  keys: ['forwardSessionName'],
  description:
    'Give the assumed role the session name that the credentials have, such as one from SSO; only with --role',
})
export const CACHE: Option<boolean> = flag({
  flag: 'cache',
  keys: ['cache'],
  description: 'Keep temporary credentials on disk and use them until they expire, those of the assumed role too',
})
export const REGION: Option<string | null> = text({
  flag: 'region',
  complete: 'regions',
  keys: ['region'],
  description: "The AWS region whose STS endpoint the token names; by default the environment's",
})
export const TOKEN_ONLY: Option<boolean> = flag({
  flag: 'token-only',
  keys: ['tokenOnly'],
  description: 'Return only the token, without the ExecCredential around it',
})

/** The options of `token`. */
export const TOKEN_OPTIONS: readonly Option<unknown>[] = [
  ROLE,
  EXTERNAL_ID,
  SESSION_NAME,
  FORWARD_SESSION_NAME,
  REGION,
  CACHE,
  TOKEN_ONLY,
]
