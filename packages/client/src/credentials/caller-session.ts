import { CLUSTER_ID_HEADER } from '@aws-iam-authenticator/core/token/presigned-url'
import { parseJsonValue, textAt } from '@aws-iam-authenticator/core/untrusted'
import { presignCallerIdentity } from '../sts/presign.ts'
import { stsTarget } from '../sts/endpoint-url.ts'
import { NoStsAnswer, StsRefusal } from '../sts/refusal.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { commonSdkError, unknownSdkError } from './sdk-error.ts'

interface CallerSessionOptions {
  readonly context: CredentialContext
  readonly clusterId: string
  readonly credentials: Credentials
  readonly now: Date
}

/** The format of a UserId, which may hold a session name (STS API reference, AssumedRoleUser). */
const USER_ID = /^[\w+=,.@:-]{2,193}$/

/**
 * Asks STS GetCallerIdentity for the session name of these credentials: the part of the UserId after the colon. Users have
 * none.
 *
 * @throws {CredentialsError}
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function callerSessionName(options: CallerSessionOptions): Promise<string | undefined> {
  const { context, clusterId, credentials, now } = options
  const { environment, settings, http } = context
  const { url, signingRegion } = stsTarget(environment, settings)
  const signed = new URL(
    await presignCallerIdentity({ clusterId, credentials, endpoint: { host: url.host, signingRegion }, now }),
  )
  try {
    const { statusCode, body } = await http.ask({
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
      method: 'GET',
      path: '/',
      query: Object.fromEntries(signed.searchParams),
      headers: { [CLUSTER_ID_HEADER]: clusterId, accept: 'application/json' },
    })
    const answer = parseJsonValue(Buffer.from(body).toString())
    const code = textAt(answer, 'Error', 'Code')
    if (statusCode !== 200 && code !== undefined) {
      throw new StsRefusal(statusCode, code, textAt(answer, 'Error', 'Message') ?? code)
    }
    const userId = textAt(answer, 'GetCallerIdentityResponse', 'GetCallerIdentityResult', 'UserId')
    if (statusCode !== 200 || userId === undefined || !USER_ID.test(userId)) throw new NoStsAnswer(statusCode)
    const [, name, ...more] = userId.split(':')
    return more.length === 0 ? name : undefined
  } catch (error) {
    throw (
      commonSdkError(error, credentials.source, http) ??
      unknownSdkError('sts_rejected', `cannot find out who has the credentials from ${credentials.source}`, error)
    )
  }
}
