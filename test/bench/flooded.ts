import { setTimeout as sleep } from 'node:timers/promises'
import { startProgram, type Program, type Scope } from './children.ts'
import { PRODUCT } from './commands.ts'
import type { Figure, Row, Runtime } from './results.ts'
import { startWebhook, type Webhook } from './webhook.ts'

/** What the manifests allow, in MiB. */
const MEMORY_LIMIT = 256

/** A server, and who sends it more than it should have. */
export interface Flooded {
  readonly runtime: Runtime
  readonly webhook: Webhook
  /** Floods as it is asked. */
  readonly flood: Program
}

/** Takes the figures on each runtime. @param connections Those that the flood comes over. */
export async function measureFlooded(
  scope: Scope,
  { stsMs, connections }: Readonly<Record<'stsMs' | 'connections', number>>,
  measure: (flooded: Flooded) => Promise<readonly Figure[]>,
): Promise<Figure[]> {
  const upstream = await startProgram(scope, 'upstream', [String(stsMs)])
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const webhook = await startWebhook(scope, command, upstream.environment)
    const flood = await startProgram(scope, 'flood', [], {
      FLOOD_CERTIFICATE: webhook.certificate,
      FLOOD_PORT: String(webhook.port),
      FLOOD_CONNECTIONS: String(connections),
    })
    figures.push(...(await measure({ runtime, webhook, flood })))
    flood.stop()
    await webhook.stop()
  }
  return figures
}

/** Looks every so often; gives what ends that, and resolves after the last look. */
export function watch(everyMs: number, look: () => void | Promise<void>): () => Promise<void> {
  const ended = new AbortController()
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await look()
      await sleep(everyMs)
    }
  }
  const running = run()
  return () => {
    ended.abort()
    return running
  }
}

/** The most that was resident while it was looked at, of these in MiB. */
export function residentAtMost(row: Row, resident: readonly number[]): Figure {
  return row('resident at most', Math.max(...resident), {
    unit: 'MiB',
    how: `VmRSS meanwhile; the manifests allow ${MEMORY_LIMIT} MiB`,
    target: { most: MEMORY_LIMIT },
  })
}
