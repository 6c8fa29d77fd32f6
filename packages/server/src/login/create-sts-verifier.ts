import { regionOfStsHost } from '@aws-iam-authenticator/core/aws/sts-host'
import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Dispatcher } from 'undici'
import type { Decision } from './decision.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createStsClient, type AskSts } from '../sts/sts-client.ts'
import type { Timing } from '../util/timing.ts'
import { createVerifier, type Verified, type Verify } from './verify.ts'
import { createGuardedSts } from '../sts/guarded-sts.ts'
import { createRemembered } from '../sts/remembered.ts'
import { keepWarm } from '../sts/warm-up.ts'

interface StsVerifierOptions {
  readonly dispatcher: Dispatcher
  readonly clusterId: string
  readonly userAgent: string
  readonly partition: Partition
  readonly serverRegion: () => string | null
  /** The only regions whose STS is asked, beside the server's own; null for all. */
  readonly stsRegions: ReadonlySet<string> | null
  /** How long a verified token is remembered, in milliseconds; 0 for not at all. */
  readonly tokenCacheTtlMs: number
  readonly metrics: Metrics
  /** Notes each call that is made. */
  readonly watch: (askSts: AskSts) => AskSts
  readonly now: () => Date
  readonly timing: Timing
}

/** The server's way to verify tokens: with a memory, bounds on what STS is asked, and connections opened ahead. */
export interface StsVerifier {
  readonly verify: Verify
  /** Notes a decision: a granted login proves the host of its STS. */
  readonly decided: (decision: Pick<Decision, 'reason' | 'stsHost'>) => void
  /** Begins to keep connections open; called as soon as the server's own region is known, if it ever is. */
  readonly keepWarm: () => void
  readonly stop: () => void
}

export function createStsVerifier(options: StsVerifierOptions): StsVerifier {
  const { dispatcher, clusterId, userAgent, partition, serverRegion, stsRegions, metrics, now, timing } = options
  const ownHost = (): string | null => {
    const region = serverRegion()
    return region === null ? null : `sts.${region}.${partition.suffix}`
  }
  // With a closed list only hosts of that list come so far.
  const isTrusted = (host: string): boolean => stsRegions !== null || host === ownHost()
  const client = options.watch(createStsClient({ dispatcher, clusterId, userAgent, observer: metrics.sts }))
  const { askSts, prove, counts } = createGuardedSts({ askSts: client, isTrusted, timing })
  const remembered = createRemembered<Verified | Refusal>(timing.now, metrics.load.recalled)
  metrics.load.observe(() => ({ ...counts(), remembered: remembered.size }))
  const memory = { remembered, ttlMs: options.tokenCacheTtlMs }
  const stopped = new AbortController()
  for (const region of stsRegions ?? []) metrics.regionProven(region)
  return {
    verify: createVerifier({ askSts, partition, serverRegion, stsRegions, now, memory }),
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
