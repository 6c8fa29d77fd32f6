import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import type { Scope } from './children.ts'
import type { Webhook } from './webhook.ts'

const PATIENCE_MS = 120_000

/** Polls until the answer is as expected, and returns the time by `performance.now()`. */
export async function until(ask: () => boolean | Promise<boolean>): Promise<number> {
  const patience = performance.now() + PATIENCE_MS
  while (!(await ask())) {
    if (performance.now() > patience) throw new Error(`not so within ${PATIENCE_MS / 1000} s`)
    await sleep(1)
  }
  return performance.now()
}

/** Calls a webhook over one connection. The text is empty if the status is not 200. */
export type Ask = (path: string, body?: string) => Promise<string>

export function createAsk({ port, certificate }: Webhook, scope: Scope): Ask {
  const agent = new Agent({ connections: 1, connect: { ca: certificate, servername: 'localhost' } })
  scope.teardown(() => agent.destroy())
  const headers = { 'content-type': 'application/json' }
  return async (path, body = '') => {
    const sent = body === '' ? ({ method: 'GET' } as const) : ({ method: 'POST', headers, body } as const)
    const answer = await agent.request({ origin: `https://127.0.0.1:${port}`, path, ...sent })
    const text = await answer.body.text()
    return answer.statusCode === 200 ? text : ''
  }
}

/** Waits until a webhook is ready, and returns the time. */
export function whenReady(ask: Ask): Promise<number> {
  return until(async () => (await ask('/readyz')) !== '')
}
