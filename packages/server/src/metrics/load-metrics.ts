import { Counter, Gauge, type Registry } from 'prom-client'

/** What there is at one moment. */
export interface Load {
  readonly inFlight: number
  readonly queued: number
  readonly openBreakers: number
  readonly remembered: number
}

/** The metrics of what keeps STS and this server from too much. */
export interface LoadMetrics {
  /** A token of another kind, such as of a service account. */
  readonly foreignToken: () => void
  /** A token that STS was not asked about, for the outcome was remembered. */
  readonly recalled: () => void
  /** Says where the gauges look at each scrape. */
  readonly observe: (load: () => Load) => void
}

export function createLoadMetrics(prefix: string, registry: Registry): LoadMetrics {
  const registers = [registry]
  const foreignTokens = new Counter({
    name: `${prefix}foreign_tokens_total`,
    help: 'Tokens of other kinds, refused without a look',
    registers,
  })
  // Counted here and told at a scrape: to find the counter's value takes longer than to recall an outcome.
  let hits = 0
  const recalled: Counter = new Counter({
    name: `${prefix}token_cache_hits_total`,
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
      name: `${prefix}${name}`,
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
    gauge('sts_calls_in_flight', 'Calls to STS under way', ({ inFlight }) => inFlight),
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
