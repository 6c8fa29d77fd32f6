import { createHash } from 'node:crypto'
import {
  parseCallerIdentity,
  parseToken,
  Refusal,
  type Identity,
  type Partition,
  type StsRequest,
} from '@aws-iam-authenticator/core'
import { createSingleFlight } from './single-flight.ts'
import type { AskSts } from './sts.ts'

/** Who signed a token, and which STS said so. */
export interface Verified {
  readonly identity: Identity
  readonly request: StsRequest
}

export type Verify = (token: string) => Promise<Verified | Refusal>

export interface VerifyOptions {
  readonly askSts: AskSts
  readonly partition: Partition
  /** The region this server runs in; null while it is not known. */
  readonly serverRegion: () => string | null
  readonly now: () => Date
}

function inContext(refusal: Refusal, context: string): Refusal {
  return new Refusal(refusal.reason, `${context}: ${refusal.message}`)
}

/** A refusal by STS in the words that operators search their logs for. */
function ofSts(refusal: Refusal): Refusal {
  const throttled = refusal.reason === 'sts_throttled'
  return inContext(refusal, `sts getCallerIdentity ${throttled ? 'was throttled' : 'failed'}`)
}

/**
 * Verifies tokens: what can be checked here first, then STS. Equal tokens in flight share one call to STS.
 */
export function createVerifier({ askSts, partition, serverRegion, now }: VerifyOptions): Verify {
  const inFlight = createSingleFlight<Verified | Refusal>()
  const ask = async (request: StsRequest): Promise<Verified | Refusal> => {
    const answer = await askSts(request)
    if (answer instanceof Refusal) return ofSts(answer)
    const identity = parseCallerIdentity(answer, request.accessKeyId)
    return identity instanceof Refusal ? ofSts(identity) : { identity, request }
  }
  return async (token) => {
    const request = parseToken(token, { partition, serverRegion: serverRegion(), now: now() })
    if (request instanceof Refusal) return inContext(request, 'input token was not properly formatted')
    // The key is a digest, so that no token stays in a table.
    return inFlight(createHash('sha256').update(token).digest('base64'), () => ask(request))
  }
}
