import { setTimeout as sleep } from 'node:timers/promises'
import { startProgram, type Program, type Scope } from './children.ts'
import { PRODUCT } from './commands.ts'
import type { Figure, Row, Runtime } from './results.ts'
import { startWebhook, type Webhook } from './webhook.ts'

/** The memory limit of the manifests, in MiB. */
const MEMORY_LIMIT = 192

/** A server and its flood. */
export interface Flooded {
  readonly runtime: Runtime
  readonly webhook: Webhook
  /** Starts the flood. */
  readonly flood: Program
}

/** Takes the figures on each runtime. @param connections The number of connections of the flood. */
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

/** Samples at an interval. Returns a function that ends it and resolves after the last sample. */
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

/** The largest sample of resident memory, in MiB. */
export function residentAtMost(row: Row, resident: readonly number[]): Figure {
  return row('resident at most', Math.max(...resident), {
    unit: 'MiB',
    how: `VmRSS meanwhile; the manifests allow ${MEMORY_LIMIT} MiB`,
    target: { most: MEMORY_LIMIT },
  })
}
