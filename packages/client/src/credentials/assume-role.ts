import { CredentialsError } from '../aws/credentials-error.ts'
import { callSts } from '../sts/call.ts'
import { NoStsAnswer } from '../sts/refusal.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { commonSdkError, serviceError, unknownSdkError } from './sdk-error.ts'

// The default of the Go SDK and the minimum of STS. A token doesn't live longer.
const DURATION_SECONDS = 900

// The formats that AWS allows (STS API reference, Credentials). A session token has no documented limit.
const ACCESS_KEY_ID = /^\w{1,128}$/
const SECRET = /^[!-~]{1,16384}$/

interface AssumeRoleOptions {
  readonly context: Pick<CredentialContext, 'environment' | 'settings' | 'http'>
  /** The credentials to assume the role with. */
  readonly base: Credentials
  readonly roleArn: string
  readonly externalId?: string | undefined
  /** Default: `aws-iam-authenticator-` and the time, because the name must differ between sessions. */
  readonly sessionName?: string | undefined
  readonly sourceIdentity?: string | undefined
  /** Default: 15 minutes. */
  readonly durationSeconds?: number | undefined
  readonly mfa?: { readonly serialNumber: string; readonly code: string } | undefined
  /** Additional headers, which are signed too. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

// STS has the same code for every refusal of AssumeRole.
const MFA_REFUSED = /^MultiFactorAuthentication failed/

function denial(
  { base, roleArn, externalId, sourceIdentity, mfa }: AssumeRoleOptions,
  message: string,
): CredentialsError {
  if (mfa !== undefined && MFA_REFUSED.test(message)) {
    return new CredentialsError(
      'mfa_rejected',
      `the MFA code was not accepted: AWS says "${message}"; type the code that ${mfa.serialNumber} shows now, which is ` +
        'valid once, and check mfa_serial of the profile',
    )
  }
  const alsoExternalId =
    externalId === undefined ? ', and an external ID may have to be given' : ' with that external ID'
  const alsoSource =
    sourceIdentity === undefined ? '' : `, and sts:SetSourceIdentity with the source identity "${sourceIdentity}"`
  return new CredentialsError(
    'assume_role_denied',
    `not allowed to assume ${roleArn} with the credentials from ${base.source}: AWS says "${message}"; the role's ` +
      `trust policy must allow that identity${alsoSource}${alsoExternalId}`,
  )
}

async function call(options: AssumeRoleOptions): Promise<Credentials> {
  const { context, base, roleArn, externalId, sessionName, sourceIdentity, durationSeconds, mfa, headers } = options
  const result = await callSts({
    context,
    credentials: base,
    action: 'AssumeRole',
    parameters: {
      RoleArn: roleArn,
      RoleSessionName: sessionName ?? `aws-iam-authenticator-${Date.now()}`,
      DurationSeconds: String(durationSeconds ?? DURATION_SECONDS),
      ...(externalId !== undefined && { ExternalId: externalId }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
      ...(mfa !== undefined && { SerialNumber: mfa.serialNumber, TokenCode: mfa.code }),
    },
    headers,
  })
  const text = (name: string): string => result.get(`Credentials/${name}`) ?? ''
  const [accessKeyId, secretAccessKey, sessionToken] = [
    text('AccessKeyId'),
    text('SecretAccessKey'),
    text('SessionToken'),
  ]
  const expiration = new Date(result.get('Credentials/Expiration') ?? '')
  const isSound = ACCESS_KEY_ID.test(accessKeyId) && SECRET.test(secretAccessKey) && SECRET.test(sessionToken)
  if (!isSound || Number.isNaN(expiration.getTime())) throw new NoStsAnswer(200)
  return { accessKeyId, secretAccessKey, sessionToken, expiration, source: `role ${roleArn}` }
}

/**
 * Assumes a role.
 *
 * @throws {CredentialsError} `assume_role_denied`, `expired_credentials`, `sts_rejected`, `sts_throttled`,
 *   `sts_unreachable`, `untrusted_certificate`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export async function assumeRole(options: AssumeRoleOptions): Promise<Credentials> {
  const { context, base, roleArn } = options
  try {
    return await call(options)
  } catch (error) {
    const answer = serviceError(error)
    if (answer?.code === 'AccessDenied' || answer?.code === 'AccessDeniedException') {
      throw denial(options, answer.message)
    }
    throw (
      commonSdkError(error, base.source, context.http) ??
      unknownSdkError('sts_rejected', `cannot assume ${roleArn} with the credentials from ${base.source}`, error)
    )
  }
}
