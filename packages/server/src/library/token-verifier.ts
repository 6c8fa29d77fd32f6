import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { reasons, Refusal, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { findPartition, type Partition, type PartitionId } from '@aws-iam-authenticator/core/aws/partition'
import { createDispatcher } from '@aws-iam-authenticator/network/connect/dispatcher'
import { createVerifier as createVerifierWith, type Verified } from '../login/verify.ts'
import { createGuardedSts } from '../sts/guarded-sts.ts'
import { createRemembered } from '../sts/remembered.ts'
import { createStsClient } from '../sts/sts-client.ts'
import { realTiming } from '../util/timing.ts'

/** The options of the library's `createVerifier`. */
export interface TokenVerifierOptions {
  /** The cluster ID that tokens must be signed for. */
  readonly clusterId: string
  /** The regions whose STS may be called; `global` is sts.amazonaws.com. Default: all of the partition. */
  readonly stsRegions?: readonly string[] | undefined
  /** Default: `aws`. */
  readonly partition?: PartitionId | undefined
  /** How long an outcome is cached, in milliseconds; 0 disables the cache. Default: 30 s. */
  readonly cacheTtlMs?: number | undefined
  /** The environment variables with proxies and certificates. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** The AWS identity that signed a token. It is not mapped to a Kubernetes user: that is up to the caller. */
export interface CallerIdentity {
  /** As STS returns it, such as `arn:aws:sts::123456789012:assumed-role/Admin/alice`. */
  readonly arn: string
  /** The ARN of the user or role, such as `arn:aws:iam::123456789012:role/Admin`. STS leaves out the path of a role. */
  readonly canonicalArn: string
  /** 12 digits. */
  readonly accountId: string
  /** The unique ID of the principal. */
  readonly userId: string
  /** Empty if the principal has no session. The person who assumes a role can choose it. */
  readonly sessionName: string
}

/** A token that is refused, or about which STS gave no verdict. */
export interface RefusedToken {
  readonly accepted: false
  /** A code of docs/errors.md. */
  readonly reason: ReasonCode
  /** For the log. */
  readonly message: string
  /** The HTTP status of the answer to kube-apiserver: 200 if the token is refused, 429, 502 or 503 if it may be valid. */
  readonly status: number
}

/** The outcome for one token. */
export type Verification = { readonly accepted: true; readonly identity: CallerIdentity } | RefusedToken

/** Verifies presigned tokens. */
export interface TokenVerifier {
  /** Never throws for a bad token. A refusal because of STS, such as `sts_throttled`, is not a verdict on the token. */
  verify(token: string): Promise<Verification>
  /** Closes the connections to STS. */
  close(): Promise<void>
}

const CACHE_TTL_MS = 30_000
const USER_AGENT = 'aws-iam-authenticator'

function ignore(): void {
  // The library has no metrics.
}

function partitionOf({ partition: id = 'aws' }: TokenVerifierOptions): Partition {
  const partition = findPartition(id)
  if (partition === undefined) throw new ConfigurationError(`no such partition "${id}": write for example aws`)
  return partition
}

/** @throws {ConfigurationError} A setting with which tokens for any cluster, or of no region, would be accepted. */
function regionsOf({ clusterId, stsRegions }: TokenVerifierOptions): ReadonlySet<string> | null {
  if (typeof clusterId !== 'string' || clusterId === '') {
    throw new ConfigurationError('clusterId is empty: give the ID of the cluster')
  }
  if (stsRegions === undefined) return null
  if (stsRegions.length === 0) throw new ConfigurationError('stsRegions is empty: name a region or leave it out')
  return new Set(stsRegions.map((region) => region.toLowerCase()))
}

function verificationOf(outcome: Verified | Refusal): Verification {
  if (outcome instanceof Refusal) {
    const { reason, message } = outcome
    return { accepted: false, reason, message, status: reasons[reason].status }
  }
  const { arn, canonicalArn, accountId, userId, sessionName } = outcome.identity
  return { accepted: true, identity: { arn, canonicalArn, accountId, userId, sessionName } }
}

/**
 * Creates a verifier of presigned tokens, with the checks, the limits of calls to STS and the cache of the server.
 *
 * @throws {ConfigurationError} An option is not valid.
 * @throws {AuthenticatorError} The proxy or the certificates of the environment can't be used.
 */
export async function createVerifier(options: TokenVerifierOptions): Promise<TokenVerifier> {
  const { clusterId, cacheTtlMs: ttlMs = CACHE_TTL_MS, environment = process.env } = options
  const partition = partitionOf(options)
  const stsRegions = regionsOf(options)
  const dispatcher = await createDispatcher({ environment })
  const observer = { answered: ignore, throttled: ignore, connectionFailed: ignore, retried: ignore }
  const { askSts } = createGuardedSts({
    askSts: createStsClient({ dispatcher, clusterId, userAgent: USER_AGENT, observer }),
    // With a list of regions, other hosts are refused earlier.
    isTrusted: () => stsRegions !== null,
    timing: realTiming,
  })
  const verify = createVerifierWith({
    askSts,
    partition,
    serverRegion: () => null,
    stsRegions,
    now: () => new Date(),
    memory: { remembered: createRemembered(realTiming.now, ignore), ttlMs },
  })
  return {
    verify: async (token) => verificationOf(await verify(token)),
    close: () => dispatcher.destroy(),
  }
}
