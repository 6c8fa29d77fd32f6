import { regionOfStsHost } from '@aws-iam-authenticator/core/aws/sts-host'
import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Dispatcher } from 'undici'
import type { Decision } from './decision.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createStsClient, type AskSts } from '../sts/sts-client.ts'
import type { Timing } from '../util/timing.ts'
import { createVerifier, type OnBadAnswer, type Verified, type Verify } from './verify.ts'
import { createGuardedSts } from '../sts/guarded-sts.ts'
import { createRemembered } from '../sts/remembered.ts'
import { keepWarm } from '../sts/warm-up.ts'

interface StsVerifierOptions {
  readonly dispatcher: Dispatcher
  readonly clusterId: string
  readonly userAgent: string
  readonly partition: Partition
  readonly serverRegion: () => string | null
  /** The regions whose STS may be called, in addition to the server's own; null for all. */
  readonly stsRegions: ReadonlySet<string> | null
  /** How long the outcome of verifying a token is cached, in milliseconds; 0 disables the cache. */
  readonly tokenCacheTtlMs: number
  readonly metrics: Metrics
  /** Wraps the client to record its calls. */
  readonly watch: (askSts: AskSts) => AskSts
  readonly onBadAnswer: OnBadAnswer
  readonly now: () => Date
  readonly timing: Timing
}

/** Verifies tokens with STS: with a cache, limits on the calls, and connections that are kept open. */
export interface StsVerifier {
  readonly verify: Verify
  /** Must be called for each decision: a granted login proves that its STS host exists. */
  readonly decided: (decision: Pick<Decision, 'reason' | 'stsHost'>) => void
  /** Starts to keep connections open. Called once the server's own region is known or can't be found. */
  readonly keepWarm: () => void
  readonly stop: () => void
}

export function createStsVerifier(options: StsVerifierOptions): StsVerifier {
  const { dispatcher, clusterId, userAgent, partition, serverRegion, stsRegions, metrics, now, timing } = options
  const ownHost = (): string | null => {
    const region = serverRegion()
    return region === null ? null : `sts.${region}.${partition.suffix}`
  }
  // With a list of regions, other hosts are refused earlier.
  const isTrusted = (host: string): boolean => stsRegions !== null || host === ownHost()
  const client = options.watch(createStsClient({ dispatcher, clusterId, userAgent, observer: metrics.sts }))
  const { askSts, prove, counts } = createGuardedSts({ askSts: client, isTrusted, timing })
  const remembered = createRemembered<Verified | Refusal>(timing.now, metrics.load.recalled)
  metrics.load.observe(() => ({ ...counts(), remembered: remembered.size }))
  const memory = { remembered, ttlMs: options.tokenCacheTtlMs }
  const stopped = new AbortController()
  for (const region of stsRegions ?? []) metrics.regionProven(region)
  return {
    verify: createVerifier({
      askSts,
      partition,
      serverRegion,
      stsRegions,
      now,
      onBadAnswer: options.onBadAnswer,
      memory,
    }),
    decided: ({ reason, stsHost }) => {
      if (reason !== null || stsHost === null) return
      prove(stsHost)
      metrics.regionProven(regionOfStsHost(stsHost))
    },
    keepWarm: () => {
      const region = serverRegion()
      if (region !== null) metrics.regionProven(region.toLowerCase())
      keepWarm({ dispatcher, host: ownHost, userAgent, timing, stopped: stopped.signal })
    },
    stop: () => stopped.abort(),
  }
}
