import { once } from 'node:events'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { TEXT_UTF8 } from './answer.ts'
import { createPlainListener, HEALTH_LIMITS } from './listeners.ts'
import { answerPath, type HealthChecks } from '../observe/checks.ts'

/** The address of the health checks in plain HTTP. */
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

const HEADERS = {
  'content-type': TEXT_UTF8,
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const

/** Starts the health server. If its port is unavailable, it logs an error and goes on: logins matter more than probes. */
export async function startHealthServer(
  { host, port }: HealthAddress,
  checks: HealthChecks,
  log: Log,
): Promise<HealthServer> {
  if (port === 0) return { close: () => Promise.resolve() }
  const { server, connections } = createPlainListener(HEALTH_LIMITS)
  server.on('request', ({ method, url = '' }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { ...HEADERS, allow: 'GET, HEAD' }).end('expected GET or HEAD\n')
      return
    }
    const { status, body } = answerPath(url, checks) ?? { status: 200, body: 'ok' }
    response.writeHead(status, { ...HEADERS, 'content-length': Buffer.byteLength(body) }).end(body)
  })
  server.listen({ port, ...(host === null ? {} : { host }) })
  try {
    await once(server, 'listening')
  } catch (error) {
    log.error(`health checks on port ${port} are not answered`, { error: messageOf(error) })
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        connections.destroy()
      }),
  }
}
