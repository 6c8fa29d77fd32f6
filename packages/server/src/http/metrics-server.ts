import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Registry } from 'prom-client'
import { createExposition } from './exposition.ts'
import { startPlainServer, type PlainAddress, type PlainServer } from './plain-server.ts'

/** Starts the server of the metrics in plain HTTP, for a Prometheus without the webhook's certificate. It answers `/metrics` alone. */
export function startMetricsServer(address: PlainAddress, registry: Registry, log: Log): Promise<PlainServer> {
  const expose = createExposition(registry)
  return startPlainServer({
    address,
    subject: 'requests for metrics',
    answer: async ({ url = '', headers }) => {
      const [path] = url.split('?', 1)
      if (path !== '/metrics') return { status: 404, body: 'not found: the metrics are at /metrics\n' }
      return { status: 200, ...(await expose(headers['accept-encoding'])) }
    },
    log,
  })
}
