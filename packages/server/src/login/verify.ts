import { hash } from 'node:crypto'
import { hasTokenPrefix, MAX_TOKEN_LENGTH } from '@aws-iam-authenticator/core/token/codec'
import { parseCallerIdentity, type Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import { parseToken, type StsRequest } from '@aws-iam-authenticator/core/token/presigned-url'
import { PRESIGNED_URL_LIFETIME_MS } from '@aws-iam-authenticator/core/token/signing-time'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import { createSingleFlight } from '../util/single-flight.ts'
import type { AskSts } from '../sts/sts-client.ts'
import { detach } from '../sts/detach.ts'
import { lifetimeOf } from '../sts/lifetime.ts'
import type { Remembered } from '../sts/remembered.ts'

/** Who signed a token, and which STS said so. */
export interface Verified {
  readonly identity: Identity
  readonly request: Pick<StsRequest, 'host' | 'region'>
  /** Whether that was remembered, and STS not asked. */
  readonly isRemembered: boolean
}

export type Verify = (token: string) => Promise<Verified | Refusal>

interface VerifyOptions {
  readonly askSts: AskSts
  readonly partition: Partition
  /** The region this server runs in; null while it is not known. */
  readonly serverRegion: () => string | null
  /** The only regions whose STS is asked, beside the server's own; null for all. */
  readonly stsRegions?: ReadonlySet<string> | null
  readonly now: () => Date
  /** Where outcomes are remembered, and for how many milliseconds; without it each token is verified anew. */
  readonly memory?: { readonly remembered: Remembered<Verified | Refusal>; readonly ttlMs: number }
}

function inContext({ reason, message, retryAfterSeconds }: Refusal, context: string): Refusal {
  return new Refusal(reason, `${context}: ${message}`, retryAfterSeconds)
}

/** A refusal by STS in the words that operators search their logs for. */
function ofSts(refusal: Refusal): Refusal {
  if (refusal.reason === 'overloaded') return inContext(refusal, 'sts getCallerIdentity was not called')
  const throttled = refusal.reason === 'sts_throttled'
  return inContext(refusal, `sts getCallerIdentity ${throttled ? 'was throttled' : 'failed'}`)
}

/**
 * Verifies tokens: what can be checked here first, then STS. Equal tokens in flight share one call to STS. What STS said of a
 * token is remembered for a while: who signed it, not what that is mapped to. An outcome that is no verdict is not.
 */
export function createVerifier(options: VerifyOptions): Verify {
  const { askSts, partition, serverRegion, stsRegions = null, now, memory } = options
  const inFlight = createSingleFlight<Verified | Refusal>()
  const ask = async (request: StsRequest): Promise<Verified | Refusal> => {
    const answer = await askSts(request)
    if (answer instanceof Refusal) return ofSts(answer)
    const identity = parseCallerIdentity(answer, detach(request.accessKeyId))
    if (identity instanceof Refusal) return ofSts(identity)
    const { host, region } = request
    return { identity, request: { host, region }, isRemembered: false }
  }
  const askAndRemember = async (digest: string, request: StsRequest): Promise<Verified | Refusal> => {
    const outcome = await ask(request)
    const leftMs = request.signedAt.getTime() + PRESIGNED_URL_LIFETIME_MS - now().getTime()
    const toRemember = outcome instanceof Refusal ? outcome : { ...outcome, isRemembered: true }
    memory?.remembered.remember(digest, toRemember, Math.min(leftMs, lifetimeOf(outcome, memory.ttlMs)))
    return outcome
  }
  return async (token) => {
    // The key is a digest, so that no token stays in a table. What can't be a token is not worth one.
    const isWorthIt = hasTokenPrefix(token) && token.length <= MAX_TOKEN_LENGTH
    const digest = isWorthIt ? hash('sha256', token, 'base64') : ''
    const known = memory?.remembered.recall(digest)
    if (known !== undefined) return known
    const policy = { partition, serverRegion: serverRegion(), stsRegions, now: now() }
    const request = parseToken(token, policy)
    if (request instanceof Refusal) return inContext(request, 'input token was not properly formatted')
    // However a token spells it, a host is one host. Tables of hosts keep these texts longer than the token.
    const [host, region] = [detach(request.host.toLowerCase()), detach(request.region.toLowerCase())]
    return inFlight.run(digest, () => askAndRemember(digest, { ...request, host, region }))
  }
}
