import { createServer } from 'node:http'
import { messageOf, type Log } from '@aws-iam-authenticator/core'
import { answerPath, type HealthChecks } from './observe/checks.ts'

/** Where health checks are answered in plain HTTP. */
export interface HealthAddress {
  /** Null for every address. */
  readonly host: string | null
  /** 0 switches it off. */
  readonly port: number
}

/** A plain HTTP server that answers `/livez` and `/readyz`, and `ok` on every other path. */
export interface HealthServer {
  close(): Promise<void>
}

/** Starts the health server. A port that can't be had is logged and no more: logins matter more than probes. */
export async function startHealthServer(
  { host, port }: HealthAddress,
  checks: HealthChecks,
  log: Log,
): Promise<HealthServer> {
  if (port === 0) return { close: () => Promise.resolve() }
  const server = createServer((request, response) => {
    const { status, body } = answerPath(request.url ?? '', checks) ?? { status: 200, body: 'ok' }
    response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8', 'x-content-type-options': 'nosniff' })
    response.end(body)
  })
  await new Promise<void>((resolve) => {
    server.once('error', (error) => {
      log.error(`health checks on port ${port} are not answered`, { error: messageOf(error) })
      resolve()
    })
    server.listen({ port, ...(host === null ? {} : { host }) }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
