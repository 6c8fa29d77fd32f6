import { createServer } from 'node:http'
import { messageOf, type Log } from '@aws-iam-authenticator/core'

/** The port of the health check in plain HTTP, on every address. Manifests in use probe it. */
export const HEALTH_PORT = 21_363

/** A plain HTTP server that answers `ok` on every path. */
export interface HealthServer {
  close(): Promise<void>
}

/** Starts the health server. A port that can't be had is logged and no more: logins matter more than probes. */
export async function startHealthServer(port: number, log: Log): Promise<HealthServer> {
  const server = createServer((_request, response) => response.end('ok'))
  await new Promise<void>((resolve) => {
    server.once('error', (error) => {
      log.error(`health checks on port ${port} are not answered`, { error: messageOf(error) })
      resolve()
    })
    server.listen(port, () => {
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
