import type { Log } from '@aws-iam-authenticator/core/log/log'
import { answerPath, type HealthChecks } from '../observe/checks.ts'
import { startPlainServer, type PlainAddress, type PlainServer } from './plain-server.ts'

/** Starts the server of the health checks: it answers `/livez` and `/readyz`, and `ok` on every other path. */
export function startHealthServer(address: PlainAddress, checks: HealthChecks, log: Log): Promise<PlainServer> {
  return startPlainServer({
    address,
    subject: 'health checks',
    answer: ({ url = '' }) => answerPath(url, checks) ?? { status: 200, body: 'ok' },
    log,
  })
}
