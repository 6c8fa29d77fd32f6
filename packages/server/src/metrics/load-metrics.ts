import { Counter, type Registry } from 'prom-client'
import { createMetricFactory, METRIC_PREFIX } from './metric-factory.ts'

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
  /** Counts a token whose outcome was cached. */
  readonly recalled: () => void
  /** Adds the gauges, which read this source at each scrape. Must be called once. */
  readonly observe: (load: () => Load) => void
}

export function createLoadMetrics(registry: Registry): LoadMetrics {
  const { counter, gauge } = createMetricFactory(registry)
  const foreignTokens = counter('foreign_tokens_total', 'Foreign tokens, refused without a check')
  // Hits are summed up here and added at a scrape: an update of the counter takes longer than a cache hit.
  let hits = 0
  const recalled: Counter = new Counter({
    name: `${METRIC_PREFIX}token_cache_hits_total`,
    help: 'Tokens whose outcome at STS was cached',
    registers: [registry],
    collect: () => {
      recalled.inc(hits)
      hits = 0
    },
  })
  return {
    foreignToken: () => foreignTokens.inc(),
    recalled: () => {
      hits += 1
    },
    observe: (load) => {
      const add = (name: string, help: string, key: keyof Load): void => {
        gauge(name, help, [], (added) => added.set(load()[key]))
      }
      add('token_cache_entries', 'Tokens whose outcome at STS is cached', 'remembered')
      add('sts_calls_in_flight', 'Calls to STS in flight', 'inFlight')
      add('sts_calls_queued', 'Logins that wait for their call to STS', 'queued')
      add('sts_hosts_unreachable', 'STS hosts that do not answer', 'openBreakers')
    },
  }
}
