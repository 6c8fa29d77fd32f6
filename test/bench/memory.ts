import { readFileSync } from 'node:fs'
import { startProgram, type Scope } from './children.ts'
import { PRODUCT } from './commands.ts'
import { openLoad } from './open-load.ts'
import type { Figure, Results, Runtime } from './results.ts'
import { createTokens } from './tokens.ts'
import { startWebhook } from './webhook.ts'

const SECTION = 'memory'
const SETTLE_MS = 3000
/** A load that comes at once meets code that was never run and connections that are not there; that is not looked at here. */
const WARM_UP = { perSecond: 200, seconds: 5 }

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes) / 1024
}

/** MiB of a process in its kinds: what it has for itself, and what it only has mapped of its file. */
function kindsOf(pid: number): { anonymous: number; file: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
  return { anonymous: mebibytes('RssAnon'), file: mebibytes('RssFile') }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The slope of the straight line that fits best, in MiB a minute. */
function slope(samples: readonly (readonly [number, number])[]): number {
  const [x, y] = [mean(samples.map(([at]) => at)), mean(samples.map(([, value]) => value))]
  const above = samples.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0)
  return (60 * above) / samples.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
}

/** Resident memory of the server, idle and under 1,000 logins a second. */
export async function measureMemory(
  scope: Scope,
  seconds: ReadonlyMap<Runtime, number>,
): Promise<{ figures: Figure[]; memory: Results['memory'][number][] }> {
  const upstream = await startProgram(scope, 'upstream', ['0'])
  const figures: Figure[] = []
  const memory: Results['memory'][number][] = []
  for (const [runtime, command] of PRODUCT) {
    const duration = seconds.get(runtime) ?? 0
    if (duration === 0) continue
    const webhook = await startWebhook(scope, command, upstream.environment)
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const idle = residentMiB(webhook.pid)
    const { anonymous, file } = kindsOf(webhook.pid)
    const tokens = createTokens()
    let count = 0
    const nextToken = (): string => tokens((count += 1))
    await openLoad({ ...webhook, ...WARM_UP, nextToken })
    const samples: [number, number][] = []
    const startedAt = performance.now()
    const sampler = setInterval(() => {
      samples.push([Math.round((performance.now() - startedAt) / 1000), Math.round(residentMiB(webhook.pid) * 10) / 10])
    }, 1000)
    const { failures, latencies } = await openLoad({ ...webhook, perSecond: 1000, seconds: duration, nextToken })
    clearInterval(sampler)
    const loaded = residentMiB(webhook.pid)
    await webhook.stop()
    const row = (name: string, value: number, unit: Figure['unit'], how: string, most?: number): void =>
      void figures.push({
        section: SECTION,
        name,
        runtime,
        value,
        unit,
        how,
        ...(most === undefined ? {} : { target: { most } }),
      })
    const load = `${duration} s of 1,000 logins a second, all with different tokens, after ${WARM_UP.seconds} s of ${WARM_UP.perSecond} a second`
    row('idle', idle, 'MiB', `VmRSS ${SETTLE_MS / 1000} s after the start`, 64)
    row('idle, its own', anonymous, 'MiB', 'RssAnon')
    row('idle, pages of its file', file, 'MiB', 'RssFile: shared, and given back when memory is short')
    row('loaded', loaded, 'MiB', `VmRSS after ${load}`, 96)
    row('slope', slope(samples.slice(samples.length / 2)), 'MiB/min', `in the last half of ${load}`, 1)
    row('logins that failed', failures, 'count', `beside ${latencies.length} that did not`, 0)
    memory.push({ runtime, samples })
  }
  return { figures, memory }
}
