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

/** The identity that a token proves, and who said so. */
export interface Verified {
  readonly identity: Identity
  /** The host of STS that knows who signed a presigned token. Undefined for a JWT. */
  readonly stsHost?: string
  /** The issuer of a JWT. Undefined for a presigned token. */
  readonly issuer?: string
  /** Whether it comes from the cache, so that neither STS was called nor a signature checked. */
  readonly isRemembered: boolean
}

export type Verify = (token: string) => Promise<Verified | Refusal>

/** Called with an STS host and the refusal of its answer. */
export type OnBadAnswer = (host: string, refusal: Refusal) => void

interface VerifyOptions {
  readonly askSts: AskSts
  readonly partition: Partition
  /** The region that this server runs in; null while it is unknown. */
  readonly serverRegion: () => string | null
  /** The regions whose STS may be called, in addition to the server's own; null for all. */
  readonly stsRegions?: ReadonlySet<string> | null
  readonly now: () => Date
  /** Called if the answer of a host names no principal. Default: nothing. */
  readonly onBadAnswer?: OnBadAnswer
  /** The cache of outcomes, and their lifetime in milliseconds; without it, STS is asked about each token. */
  readonly memory?: { readonly remembered: Remembered<Verified | Refusal>; readonly ttlMs: number }
}

function inContext({ reason, message, retryAfterSeconds }: Refusal, context: string): Refusal {
  return new Refusal(reason, `${context}: ${message}`, retryAfterSeconds)
}

/** Rewords a refusal by STS with the phrases that operators search their logs for. */
function ofSts(refusal: Refusal): Refusal {
  if (refusal.reason === 'overloaded') return inContext(refusal, 'sts getCallerIdentity was not called')
  const throttled = refusal.reason === 'sts_throttled'
  return inContext(refusal, `sts getCallerIdentity ${throttled ? 'was throttled' : 'failed'}`)
}

/**
 * Verifies tokens: first by local checks, then with STS. Equal tokens in flight share one call to STS. The cache holds the identity
 * that signed a token, but not its mapping. Outcomes that are not verdicts are not cached.
 */
export function createVerifier(options: VerifyOptions): Verify {
  const { askSts, partition, serverRegion, stsRegions = null, now, onBadAnswer, memory } = options
  const inFlight = createSingleFlight<Verified | Refusal>()
  const ask = async (request: StsRequest): Promise<Verified | Refusal> => {
    const answer = await askSts(request)
    if (answer instanceof Refusal) return ofSts(answer)
    const identity = parseCallerIdentity(answer, detach(request.accessKeyId))
    if (identity instanceof Refusal) {
      onBadAnswer?.(request.host, identity)
      return ofSts(identity)
    }
    return { identity, stsHost: request.host, isRemembered: false }
  }
  const askAndRemember = async (digest: string, request: StsRequest): Promise<Verified | Refusal> => {
    const outcome = await ask(request)
    const leftMs = request.signedAt.getTime() + PRESIGNED_URL_LIFETIME_MS - now().getTime()
    const toRemember = outcome instanceof Refusal ? outcome : { ...outcome, isRemembered: true }
    memory?.remembered.remember(digest, toRemember, Math.min(leftMs, lifetimeOf(outcome, memory.ttlMs)))
    return outcome
  }
  return async (token) => {
    // The key is a digest, so that no token stays in a table. A text that can't be a token is not hashed.
    const isPlausible = hasTokenPrefix(token) && token.length <= MAX_TOKEN_LENGTH
    const digest = isPlausible ? hash('sha256', token, 'base64') : ''
    const known = memory?.remembered.recall(digest)
    if (known !== undefined) return known
    const policy = { partition, serverRegion: serverRegion(), stsRegions, now: now() }
    const request = parseToken(token, policy)
    if (request instanceof Refusal) return inContext(request, 'input token was not properly formatted')
    // Tables of hosts keep these texts longer than the token, and must not distinguish upper and lower case.
    const [host, region] = [detach(request.host.toLowerCase()), detach(request.region.toLowerCase())]
    return inFlight.run(digest, () => askAndRemember(digest, { ...request, host, region }))
  }
}
