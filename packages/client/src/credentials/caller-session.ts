import { CLUSTER_ID_HEADER, isRecord, property, textAt } from '@aws-iam-authenticator/core'
import { HttpRequest } from '@smithy/core/protocols'
import { presignCallerIdentity } from '../presign.ts'
import { endpointOverride } from '../sts-endpoint-url.ts'
import type { CredentialContext } from './context.ts'
import type { Credentials } from './credentials.ts'
import { commonSdkError, unknownSdkError } from './sdk-error.ts'

export interface CallerSessionOptions {
  readonly context: CredentialContext
  readonly clusterId: string
  readonly credentials: Credentials
  readonly now: Date
}

function parseAnswer(body: unknown): unknown {
  try {
    return JSON.parse(body instanceof Uint8Array ? Buffer.from(body).toString() : '')
  } catch {
    return undefined
  }
}

/** What AWS says against it, in the shape of the SDK's own errors, so that it is explained alike. */
function refusal(statusCode: number, answer: unknown): Error {
  const name = textAt(answer, 'Error', 'Code')
  if (name === undefined || !isRecord(property(answer, 'Error'))) return new Error('Invalid response from STS')
  const error = new Error(textAt(answer, 'Error', 'Message') ?? name)
  return Object.assign(error, { name, $fault: statusCode >= 500 ? 'server' : 'client' })
}

/**
 * The session name of whoever has these credentials, by STS GetCallerIdentity: what follows the colon of the UserId.
 * Users have none.
 *
 * @throws {CredentialsError}
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function callerSessionName(options: CallerSessionOptions): Promise<string | undefined> {
  const { context, clusterId, credentials, now } = options
  const { environment, settings, http } = context
  const override = endpointOverride(environment, settings.sharedConfig)
  const { signingRegion } = settings.endpoint
  const endpoint = override === undefined ? settings.endpoint : { host: override.host, signingRegion }
  const url = new URL(await presignCallerIdentity({ clusterId, credentials, endpoint, now }))
  const { protocol, hostname, port } = override ?? url
  try {
    const request = new HttpRequest({
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      query: Object.fromEntries(url.searchParams),
      headers: { [CLUSTER_ID_HEADER]: clusterId, accept: 'application/json' },
    })
    const { response } = await http.handle(request)
    const answer = parseAnswer(response.body)
    if (response.statusCode !== 200) throw refusal(response.statusCode, answer)
    const userId = textAt(answer, 'GetCallerIdentityResponse', 'GetCallerIdentityResult', 'UserId')
    if (userId === undefined) throw refusal(response.statusCode, undefined)
    const [, name, ...more] = userId.split(':')
    return more.length === 0 ? name : undefined
  } catch (error) {
    throw (
      commonSdkError(error, credentials.source, http) ??
      unknownSdkError('sts_rejected', `cannot find out who has the credentials from ${credentials.source}`, error)
    )
  }
}
