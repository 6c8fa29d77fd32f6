import { Counter, Gauge, type Registry } from 'prom-client'
import { METRIC_PREFIX } from './prefix.ts'

/** The load at one moment. */
interface Load {
  readonly inFlight: number
  readonly queued: number
  readonly openBreakers: number
  readonly remembered: number
}

/** Metrics of the parts that protect STS and this server from overload. */
export interface LoadMetrics {
  /** Counts a foreign token, such as one of a service account. */
  readonly foreignToken: () => void
  /** Counts a token whose outcome at STS was cached. */
  readonly recalled: () => void
  /** Sets the source that the gauges read at each scrape. */
  readonly observe: (load: () => Load) => void
}

export function createLoadMetrics(registry: Registry): LoadMetrics {
  const registers = [registry]
  const foreignTokens = new Counter({
    name: `${METRIC_PREFIX}foreign_tokens_total`,
    help: 'Tokens of other kinds, refused without a look',
    registers,
  })
  // Hits are summed up here and added at a scrape: an update of the counter takes longer than a cache hit.
  let hits = 0
  const recalled: Counter = new Counter({
    name: `${METRIC_PREFIX}token_cache_hits_total`,
    help: 'Tokens whose outcome at STS was remembered',
    registers,
    collect: () => {
      recalled.inc(hits)
      hits = 0
    },
  })
  const gauge = (name: string, help: string, read: (load: Load) => number): ((load: () => Load) => void) => {
    let load: (() => Load) | undefined
    const made: Gauge = new Gauge({
      name: `${METRIC_PREFIX}${name}`,
      help,
      registers,
      collect: () => {
        if (load !== undefined) made.set(read(load()))
      },
    })
    return (source) => (load = source)
  }
  const gauges = [
    gauge('token_cache_entries', 'Tokens whose outcome at STS is remembered', ({ remembered }) => remembered),
    gauge('sts_calls_in_flight', 'Calls to STS in flight', ({ inFlight }) => inFlight),
    gauge('sts_calls_queued', 'Logins that wait for their call to STS', ({ queued }) => queued),
    gauge('sts_hosts_unreachable', 'STS hosts that gave no answer lately', ({ openBreakers }) => openBreakers),
  ]
  return {
    foreignToken: () => foreignTokens.inc(),
    recalled: () => {
      hits += 1
    },
    observe: (load) => {
      for (const connect of gauges) connect(load)
    },
  }
}
