import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Verified } from '@aws-iam-authenticator/server/login/verify'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { USER_AGENT } from '../release/version.ts'

/** Against what a token is verified. */
export interface VerifyTokenOptions {
  readonly clusterId: string
  readonly partition: Partition
  /** The region that the server runs in; null where it is not known. */
  readonly serverRegion: string | null
  /** The only regions whose STS is asked; null for all. */
  readonly stsRegions: ReadonlySet<string> | null
  readonly environment: Environment
  readonly now: () => Date
}

function ignore(): void {
  // One call is no statistic.
}

/**
 * Verifies one token as the server would, by asking STS.
 *
 * @throws {AuthenticatorError} The way to STS is configured in a way that can't be used.
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
