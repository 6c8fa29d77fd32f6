import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import type { Registry } from 'prom-client'
import type { StsObserver } from '../sts/sts-client.ts'
import { createMetricFactory } from './metric-factory.ts'
import { createLabelValues } from '../util/label-values.ts'

/**
 * The cap of the label StsRegion: published regions, `global`, and regions that are configured or through which a login was
 * granted. A token can name any region, and a proxy that inspects TLS answers for each of them.
 */
export const MAX_REGION_LABELS = 64

/** Values of the label ResponseCode: the statuses of STS, and of proxies in between. */
export const STATUS_LABELS: readonly string[] =
  '200 301 302 303 307 308 400 401 403 404 405 407 408 413 429 500 502 503 504'.split(' ')

/** Metrics of the calls to STS, by region. */
export interface StsMetrics {
  readonly sts: StsObserver
  /** The region is configured, or a login was granted through it: it gets a label of its own. */
  readonly regionProven: (region: string) => void
}

export function createStsMetrics(registry: Registry): StsMetrics {
  const { counter } = createMetricFactory(registry)
  const regions = createLabelValues(MAX_REGION_LABELS, ['global', ...publishedRegions])
  const statuses = createLabelValues(STATUS_LABELS.length, STATUS_LABELS)
  const connectionFailures = counter('sts_connection_failures_total', 'Sts call could not succeed or timedout', [
    'StsRegion',
  ])
  const throttling = counter('sts_throttling_total', 'Sts call got throttled', ['StsRegion'])
  const responses = counter('sts_responses_total', 'Sts responses with error code label', ['ResponseCode', 'StsRegion'])
  const retries = counter('sts_retries_total', 'Calls to STS that were repeated after a lost connection', ['StsRegion'])
  return {
    sts: {
      answered: (region, status) =>
        responses.inc({ ResponseCode: statuses.of(String(status)), StsRegion: regions.of(region) }),
      throttled: (region) => throttling.inc({ StsRegion: regions.of(region) }),
      connectionFailed: (region) => connectionFailures.inc({ StsRegion: regions.of(region) }),
      retried: (region) => retries.inc({ StsRegion: regions.of(region) }),
    },
    regionProven: regions.admit,
  }
}
