import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Verified } from '@aws-iam-authenticator/server/login/verify'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { USER_AGENT } from '../release/version.ts'

/** What to verify a token against. */
export interface VerifyTokenOptions {
  readonly clusterId: string
  readonly partition: Partition
  /** The region of the server; null if unknown. */
  readonly serverRegion: string | null
  /** The regions whose STS endpoints are accepted, besides the server's own; null for all. */
  readonly stsRegions: ReadonlySet<string> | null
  readonly environment: Environment
  readonly now: () => Date
}

function ignore(): void {
  // A single call needs no statistics.
}

/**
 * Verifies one token with STS, as the server does.
 *
 * @throws {AuthenticatorError} The proxy or trust settings for the connection to STS are not valid.
 */
export async function verifyToken(token: string, options: VerifyTokenOptions): Promise<Verified | Refusal> {
  const { clusterId, partition, serverRegion, stsRegions, environment, now } = options
  const { createStsClient } = await import('@aws-iam-authenticator/server/sts/sts-client')
  const { createVerifier } = await import('@aws-iam-authenticator/server/login/verify')
  const { createDispatcher } = await import('@aws-iam-authenticator/network/connect/dispatcher')
  const dispatcher = await createDispatcher({ environment })
  try {
    const observer = { answered: ignore, throttled: ignore, connectionFailed: ignore, retried: ignore }
    const askSts = createStsClient({ dispatcher, clusterId, userAgent: USER_AGENT, observer })
    return await createVerifier({ askSts, partition, serverRegion: () => serverRegion, stsRegions, now })(token)
  } finally {
    await dispatcher.destroy()
  }
}
