import { Agent } from 'undici'
import { REVIEW } from './tokens.ts'

export interface OpenLoadOptions {
  readonly port: number
  readonly certificate: string
  readonly perSecond: number
  readonly seconds: number
  readonly nextToken: () => string
  /** The connections to use. By default new ones are opened, and closed at the end. */
  readonly agent?: Agent
  /** Ends it before its time. */
  readonly ended?: AbortSignal
  /** Called for each answer. */
  readonly answered?: (answer: Answered) => void
}

export interface Answered {
  readonly status: number
  readonly text: string
  /** The due time, by `performance.now()`. */
  readonly due: number
  /** From sending to answer. */
  readonly milliseconds: number
}

export interface LoadResult {
  /** The latency of each successful answer from its due time, in ms. */
  readonly latencies: readonly number[]
  readonly failures: number
  /** The failures by status or error code, such as `12 × 429`; empty without any. */
  readonly failed: string
}

/** Connections for a load. */
export function createLoadAgent(certificate: string, connections = 50): Agent {
  return new Agent({ connections, keepAliveTimeout: 60_000, connect: { ca: certificate, servername: 'localhost' } })
}

/** Sends TokenReviews at a rate, whether or not they are answered. */
export async function openLoad(options: OpenLoadOptions): Promise<LoadResult> {
  const { port, certificate, perSecond, seconds, nextToken, answered, ended } = options
  const agent = options.agent ?? createLoadAgent(certificate)
  const latencies: number[] = []
  const failures = new Map<string, number>()
  const fail = (why: string): void => void failures.set(why, (failures.get(why) ?? 0) + 1)
  const send = async (due: number): Promise<void> => {
    const sentAt = performance.now()
    try {
      const { statusCode, body } = await agent.request({
        origin: `https://127.0.0.1:${port}`,
        path: '/authenticate',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: REVIEW[0] + nextToken() + REVIEW[1],
      })
      const text = await body.text()
      const endedAt = performance.now()
      answered?.({ status: statusCode, text, due, milliseconds: endedAt - sentAt })
      if (statusCode === 200) latencies.push(endedAt - due)
      else fail(String(statusCode))
    } catch (error) {
      fail(error instanceof Error && 'code' in error ? String(error.code) : 'error')
    }
  }
  const startedAt = performance.now()
  const total = perSecond * seconds
  const under: Promise<void>[] = []
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000))
      for (; sent < due; sent += 1) under.push(send(startedAt + ((sent + 1) * 1000) / perSecond))
      if (sent < total && ended?.aborted !== true) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  await Promise.all(under)
  if (options.agent === undefined) await agent.destroy()
  return {
    latencies,
    failures: [...failures.values()].reduce((sum, count) => sum + count, 0),
    failed: [...failures].map(([why, count]) => `${count} × ${why}`).join(', '),
  }
}
