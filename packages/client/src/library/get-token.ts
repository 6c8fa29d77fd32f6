import { createOneShotClient } from '@aws-iam-authenticator/network/connect/one-shot-client'
import { CredentialsError } from '../aws/credentials-error.ts'
import { getToken as getTokenWith } from '../token.ts'

/** A bearer token for one cluster. */
export interface LibraryToken {
  readonly token: string
  /** The time to request the next token. */
  readonly expiresAt: Date
}

/** The options of the library's `getToken`, with the names of the flags of the command `token`. */
export interface GetTokenOptions {
  /** The cluster ID that the server expects; for EKS, the name of the cluster. */
  readonly clusterId: string
  /** The ARN of a role to assume first. Default: signs with the credentials that AWS's chain finds. */
  readonly roleArn?: string | undefined
  /** For `roleArn`. */
  readonly externalId?: string | undefined
  /** For `roleArn`. Default: `aws-iam-authenticator-` and the time. */
  readonly sessionName?: string | undefined
  /** For `roleArn`: keeps the session name of the credentials that assume it, if they have one. */
  readonly forwardSessionName?: boolean | undefined
  /** For `roleArn`: names the person behind the session. */
  readonly sourceIdentity?: string | undefined
  /** A presigned URL of STS, or a JWT that AWS signs. Default: `presigned`. */
  readonly tokenType?: 'presigned' | 'jwt' | undefined
  /** For `tokenType: 'jwt'`. Default: the cluster ID. */
  readonly audience?: string | undefined
  /** For `tokenType: 'jwt'`. Default: `ES384`. */
  readonly signingAlgorithm?: 'ES384' | 'RS256' | undefined
  /** Default: from the environment, the profile or the instance, else us-east-1. */
  readonly region?: string | undefined
  /** A profile of the AWS shared files. It is used in place of keys and of a web identity in the environment. */
  readonly profile?: string | undefined
  /** True to keep temporary credentials in a file, which the command shares. Default: false. */
  readonly cache?: boolean | undefined
  /** Asks for the code of an MFA device. Default: a role that needs one is an error. */
  readonly mfaCodeProvider?: ((serialNumber: string) => Promise<string | undefined>) | undefined
  /** Called with a one-line warning, although there is a token. Default: ignored. */
  readonly onWarning?: ((message: string) => void) | undefined
  /** The environment variables to read. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** The variables that the chain of credentials reads before the profile. */
const BEFORE_PROFILE: ReadonlySet<string> = new Set([
  'AWS_ACCESS_KEY_ID',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
])

function environmentOf({
  environment = process.env,
  profile,
}: GetTokenOptions): Readonly<Record<string, string | undefined>> {
  if (profile === undefined) return environment
  const kept = Object.entries(environment).filter(([name]) => !BEFORE_PROFILE.has(name))
  return { ...Object.fromEntries(kept), AWS_PROFILE: profile }
}

function fail(message: string): never {
  throw new CredentialsError('invalid_settings', message)
}

/** @throws {CredentialsError} Options that need or exclude each other, which would be ignored otherwise. */
function checkOptions(options: GetTokenOptions): void {
  const { clusterId, roleArn, sessionName, forwardSessionName, tokenType = 'presigned' } = options
  if (typeof clusterId !== 'string' || clusterId === '') fail('clusterId is empty: give the ID of the cluster')
  for (const name of ['roleArn', 'profile', 'region'] as const) {
    // An empty role would sign with other credentials than those that the caller wants.
    if (options[name] === '') fail(`${name} is empty: give a value or leave it out`)
  }
  if (tokenType !== 'presigned' && tokenType !== 'jwt') fail("tokenType is neither 'presigned' nor 'jwt'")
  for (const name of ['externalId', 'sessionName', 'forwardSessionName', 'sourceIdentity'] as const) {
    const isGiven = options[name] !== undefined && options[name] !== false
    if (isGiven && roleArn === undefined) fail(`${name} is for a role to assume: give roleArn too`)
  }
  if (forwardSessionName === true && sessionName !== undefined) {
    fail('sessionName and forwardSessionName exclude each other: give one of them')
  }
  for (const name of ['audience', 'signingAlgorithm'] as const) {
    if (options[name] !== undefined && tokenType !== 'jwt') fail(`${name} is for a JWT: give tokenType: 'jwt' too`)
  }
}

/**
 * Makes a bearer token for a cluster with the AWS credentials of this process: those that the AWS CLI would use.
 *
 * @throws {CredentialsError} There is no token. `code` has the reason, `message` what to do.
 */
export async function getToken(options: GetTokenOptions): Promise<LibraryToken> {
  checkOptions(options)
  const { clusterId, tokenType, audience = clusterId, signingAlgorithm: algorithm = 'ES384', ...rest } = options
  const environment = environmentOf(options)
  const { token, expiration } = await getTokenWith({
    clusterId,
    roleArn: rest.roleArn,
    externalId: rest.externalId,
    sessionName: rest.sessionName,
    forwardSessionName: rest.forwardSessionName,
    sourceIdentity: rest.sourceIdentity,
    jwt: tokenType === 'jwt' ? { audience, algorithm } : undefined,
    cache: rest.cache,
    region: rest.region,
    regionOrigin: 'the option region',
    environment,
    createHttpClient: ({ caBundle }) => Promise.resolve(createOneShotClient({ environment, caBundle })),
    mfaCodeProvider: rest.mfaCodeProvider,
    warn: rest.onWarning,
  })
  return { token, expiresAt: expiration }
}
