import { reasons, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { Counter, Histogram, type Registry } from 'prom-client'
import { METRIC_PREFIX } from './prefix.ts'

/** The number of latencies that are observed in one batch, which is much cheaper than one by one. */
const MAX_OBSERVATIONS = 256

/**
 * Creates the metrics of decisions.
 *
 * @returns Records a decision and its latency in seconds. The reason is null for a granted login.
 */
export function createDecisionMetrics(registry: Registry): (reason: ReasonCode | null, seconds: number) => void {
  const registers = [registry]
  let observations: (readonly [result: string, seconds: number])[] = []
  const observeAll = (): void => {
    for (const [result, seconds] of observations) latency.observe({ result }, seconds)
    observations = []
  }
  const latency: Histogram<'result'> = new Histogram({
    name: `${METRIC_PREFIX}authenticate_latency_seconds`,
    help: 'Authenticate call latency',
    labelNames: ['result'],
    registers,
    collect: observeAll,
  })
  const refusals = new Counter({
    name: `${METRIC_PREFIX}refusals_total`,
    help: 'Logins refused, by reason',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of Object.keys(reasons)) refusals.inc({ reason }, 0)
  return (reason, seconds) => {
    observations.push([reason === null ? 'success' : reasons[reason].result, seconds])
    if (observations.length === MAX_OBSERVATIONS) observeAll()
    if (reason !== null) refusals.inc({ reason })
  }
}
