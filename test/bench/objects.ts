import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAsk, until, whenReady } from './ask.ts'
import { startProgram, type Scope } from './children.ts'
import { PRODUCT } from './commands.ts'
import { residentMiB } from './memory.ts'
import type { Order } from './orders.ts'
import { quantile, type Figure } from './results.ts'
import { createTokens, REVIEW } from './tokens.ts'
import { startWebhook } from './webhook.ts'

const SECTION = 'objects'
const CHANGES = 10
const SETTLE_MS = 3000

/** The start of a server in a cluster with many IAMIdentityMappings. */
export async function measureObjects(scope: Scope, objects: number): Promise<Figure[]> {
  const upstream = await startProgram(scope, 'upstream', ['0'])
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const cluster = await startProgram(scope, 'cluster')
    const order = async (what: Order): Promise<number> => {
      const { at = '' } = await cluster.ask(what)
      return Number(at) - performance.timeOrigin
    }
    await order({ order: 'mappings', count: objects })
    await order({ order: 'mapping', username: 'bench-0' })
    const { kubeconfig = '' } = cluster.environment
    const configuration = `  backendMode: [CRD]\n  kubeconfig: ${kubeconfig}\n`
    const startedAt = performance.now()
    const webhook = await startWebhook(scope, command, upstream.environment, configuration)
    const ask = createAsk(webhook, scope)
    const readyAt = await whenReady(ask)
    await sleep(SETTLE_MS)
    const resident = residentMiB(webhook.pid)
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${webhook.pid}/status`, 'utf8'))?.[1]) / 1024
    const review = REVIEW[0] + createTokens()(0) + REVIEW[1]
    const taking: number[] = []
    for (let number = 1; number <= CHANGES; number += 1) {
      const at = await order({ order: 'mapping', username: `bench-${number}` })
      taking.push((await until(async () => (await ask('/authenticate', review)).includes(`"bench-${number}"`))) - at)
    }
    await webhook.stop()
    cluster.stop()
    const row = (name: string, value: number, unit: Figure['unit'], how: string): void =>
      void figures.push({ section: SECTION, name, runtime, value, unit, how })
    const without = `${objects.toLocaleString('en')} IAMIdentityMappings, none with a status yet`
    row('from start to ready', readyAt - startedAt, 'ms', `${without}, its TLS pair made; by /readyz`)
    row('resident', resident, 'MiB', `VmRSS ${SETTLE_MS / 1000} s after it is ready, while it writes the statuses`)
    row('resident at most', peak, 'MiB', 'VmHWM until then')
    row(
      'one changed object to effect',
      quantile(taking, 0.5),
      'ms',
      `median of ${CHANGES}: from before the API stores it`,
    )
  }
  return figures
}
