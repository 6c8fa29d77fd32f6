import { choice, flag, text, type Option } from './option.ts'

/** An optional text with a format. */
function checkedText(
  named: Parameters<typeof text>[0],
  isValid: (value: string) => boolean,
  fault: string,
): Option<string | null> {
  const option = text(named)
  return {
    ...option,
    parse: (texts) => {
      const value = option.parse(texts)
      if (value !== null && !isValid(value)) throw new TypeError(`"${value}" ${fault}`)
      return value
    },
  }
}

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
export const TOKEN_TYPE: Option<'presigned' | 'jwt'> = choice(
  {
    flag: 'token-type',
    environment: 'AWS_IAM_AUTHENTICATOR_TOKEN_TYPE',
    keys: ['tokenType'],
    choices: ['presigned', 'jwt'],
    description: 'The kind of token: a presigned URL, or a JWT that AWS signs with GetWebIdentityToken',
  },
  'presigned',
)
const MAX_AUDIENCE = 1000
export const AUDIENCE: Option<string | null> = checkedText(
  { flag: 'audience', keys: ['audience'], description: 'The audience of a JWT; by default the cluster ID' },
  (value) => value.length <= MAX_AUDIENCE,
  `is longer than ${MAX_AUDIENCE} characters`,
)
export const SIGNING_ALGORITHM: Option<'ES384' | 'RS256'> = choice(
  {
    flag: 'signing-algorithm',
    keys: ['signingAlgorithm'],
    choices: ['ES384', 'RS256'],
    description: 'The algorithm that AWS signs a JWT with',
  },
  'ES384',
)
export const SOURCE_IDENTITY: Option<string | null> = checkedText(
  {
    flag: 'source-identity',
    keys: ['sourceIdentity'],
    description:
      'Source identity to set when assuming the IAM Role: names the person, also in CloudTrail and in later sessions',
  },
  (value) => /^[\w+=,.@-]{2,64}$/.test(value),
  'is not 2 to 64 letters, digits and characters of _+=,.@-',
)
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
  TOKEN_TYPE,
  AUDIENCE,
  SIGNING_ALGORITHM,
  SOURCE_IDENTITY,
  TOKEN_ONLY,
]
