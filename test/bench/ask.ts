import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import type { Scope } from './children.ts'
import type { Webhook } from './webhook.ts'

const PATIENCE_MS = 120_000

/** Asks until an answer is as it should be; gives when that was, by `performance.now()`. */
export async function until(ask: () => boolean | Promise<boolean>): Promise<number> {
  const patience = performance.now() + PATIENCE_MS
  while (!(await ask())) {
    if (performance.now() > patience) throw new Error(`not so within ${PATIENCE_MS / 1000} s`)
    await sleep(1)
  }
  return performance.now()
}

/** Asks a webhook over one connection; the text is empty where the status is not 200. */
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

/** Waits until a webhook says that it is ready; gives when. */
export function whenReady(ask: Ask): Promise<number> {
  return until(async () => (await ask('/readyz')) !== '')
}
