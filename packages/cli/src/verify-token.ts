import type { Partition, Refusal } from '@aws-iam-authenticator/core'
import type { Verified } from '@aws-iam-authenticator/server'
import type { Environment } from '@aws-iam-authenticator/client'
import { USER_AGENT } from './version.ts'

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
  const { createStsClient, createVerifier } = await import('@aws-iam-authenticator/server')
  const { createDispatcher } = await import('./network/dispatcher.ts')
  const dispatcher = await createDispatcher({ environment })
  try {
    const observer = { answered: ignore, throttled: ignore, connectionFailed: ignore, retried: ignore }
    const askSts = createStsClient({ dispatcher, clusterId, userAgent: USER_AGENT, observer })
    return await createVerifier({ askSts, partition, serverRegion: () => serverRegion, stsRegions, now })(token)
  } finally {
    await dispatcher.destroy()
  }
}
