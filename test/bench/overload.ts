import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import type { Scope } from './children.ts'
import { measureFlooded, residentAtMost, watch } from './flooded.ts'
import { residentMiB } from './memory.ts'
import { quantile, rowsOf, type Figure, type Runtime } from './results.ts'
import { createTokens, REVIEW } from './tokens.ts'
import type { Webhook } from './webhook.ts'

const SECTION = 'overload'
const STS_MS = 350
/** Calls at once to one STS host. */
const AT_ONCE = 128
/** The capacity of the server, limited by the latency of STS. */
const CARRIES = Math.floor((AT_ONCE * 1000) / STS_MS)
const TIMES = 10
/** More than are busy at the same time, because excess requests are rejected at once. */
const CONNECTIONS = 700
const WARM_UP_SECONDS = 3
const HEALTH_EVERY_MS = 100
const RECOVERY_MS = 10_000
/** A login counts as fast again if it takes no longer than STS and this. */
const RECOVERED_MS = 200

interface Client {
  health(): Promise<number>
  /** True if a login with a new token passes, and fast enough. */
  login(): Promise<boolean>
}

function clientOf({ port, certificate }: Webhook, scope: Scope): Client {
  const agent = new Agent({ connections: 4, connect: { ca: certificate, servername: 'localhost' } })
  scope.teardown(() => agent.destroy())
  const tokens = createTokens()
  let count = 0
  const origin = `https://127.0.0.1:${port}`
  return {
    health: async () => {
      const startedAt = performance.now()
      const { body } = await agent.request({ origin, path: '/healthz', method: 'GET' })
      await body.dump()
      return performance.now() - startedAt
    },
    login: async () => {
      const startedAt = performance.now()
      const { statusCode, body } = await agent.request({
        origin,
        path: '/authenticate',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: REVIEW[0] + tokens((count += 1)) + REVIEW[1],
      })
      await body.dump()
      return statusCode === 200 && performance.now() - startedAt <= STS_MS + RECOVERED_MS
    },
  }
}

/** Seconds until all logins are fast: the end of the last slow one. */
async function secondsToRecover(client: Client): Promise<number> {
  const startedAt = performance.now()
  let lastBad = 0
  const under: Promise<void>[] = []
  const probe = async (): Promise<void> => {
    if (!(await client.login())) lastBad = Math.max(lastBad, performance.now() - startedAt)
  }
  while (performance.now() - startedAt < RECOVERY_MS) {
    under.push(probe())
    await sleep(50)
  }
  await Promise.all(under)
  return lastBad / 1000
}

/** The outcome of ten times the logins that the server can carry, and the state of the server. */
export function measureOverload(scope: Scope, seconds: number): Promise<Figure[]> {
  return measureFlooded(scope, { stsMs: STS_MS, connections: CONNECTIONS }, async ({ runtime, webhook, flood }) => {
    const client = clientOf(webhook, scope)
    await flood.ask({ perSecond: CARRIES / 2, seconds: WARM_UP_SECONDS })
    const [health, resident]: [number[], number[]] = [[], []]
    const watched = watch(HEALTH_EVERY_MS, async () => {
      health.push(await client.health())
      resident.push(residentMiB(webhook.pid))
    })
    const flooded = await flood.ask({ perSecond: CARRIES * TIMES, seconds })
    const [recovered] = await Promise.all([secondsToRecover(client), watched()])
    return figuresOf(runtime, flooded, { seconds, health: quantile(health, 0.99), resident, recovered })
  })
}

interface Beside {
  readonly seconds: number
  readonly health: number
  readonly resident: readonly number[]
  readonly recovered: number
}

function figuresOf(
  runtime: Runtime,
  flooded: Readonly<Record<string, string>>,
  { seconds, health, resident, recovered }: Beside,
): Figure[] {
  const of = (key: string): number => Number(flooded[key])
  const sent = of('sent')
  const how = `for ${seconds} s, STS takes ${STS_MS} ms and ${AT_ONCE} calls at once`
  const row = rowsOf(SECTION, runtime)
  const answers = `from sending to answer, as ${CARRIES * TIMES} logins/s were due`
  return [
    row('can carry', CARRIES, { unit: '/s', how: `${AT_ONCE} calls at once of ${STS_MS} ms each` }),
    row('logins sent', sent / of('sentSeconds'), {
      unit: '/s',
      how: `${CARRIES * TIMES}/s were due ${how}, all with different tokens; ${CONNECTIONS} connections by a process on the same cores, what none of them was free for is not sent`,
    }),
    row('accepted', of('accepted') / of('sentSeconds'), { unit: '/s', how }),
    row('accepted, p99', of('acceptedP99'), { unit: 'ms', how: answers, target: { most: 1000 } }),
    row('share of 429', of('turnedAway') / sent, { unit: 'ratio', how: 'of what was sent' }),
    row('429, median', of('turnedAwayMedian'), { unit: 'ms', how: answers }),
    row('429, p99', of('turnedAwayP99'), { unit: 'ms', how: answers }),
    row('neither', of('failed'), {
      unit: 'count',
      how: 'other answers, connections that broke, and no answer within 5 s after the last was sent',
      target: { most: 0 },
    }),
    row('healthz, p99', health, {
      unit: 'ms',
      how: `asked every ${HEALTH_EVERY_MS} ms meanwhile by another process`,
      target: { most: 100 },
    }),
    residentAtMost(row, resident),
    row('recovers within', recovered * 1000, {
      unit: 'ms',
      how: `until the last login that was refused or took over ${STS_MS + RECOVERED_MS} ms; 20 logins/s for ${RECOVERY_MS / 1000} s`,
      target: { most: 2000 },
    }),
  ]
}
