import { readFileSync } from 'node:fs'
import { minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { startListening, startProgram, type Scope } from './children.ts'
import { buildProgram, IMAGE_ENVIRONMENT, PRODUCT, type CommandLine } from './commands.ts'
import { openLoad } from './open-load.ts'
import type { Figure, Results, Runtime } from './results.ts'
import { createTokens } from './tokens.ts'
import { startEcho, startWebhook, type Webhook } from './webhook.ts'

const SECTION = 'memory'
const SETTLE_MS = 3000
const PER_SECOND = 1000
/** A sudden load meets cold code and missing connections, which this does not measure. */
const WARM_UP = { perSecond: 200, seconds: 5 }

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes) / 1024
}

/** MiB of a process by kind: its own, and mapped pages of its file. */
function kindsOf(pid: number): { anonymous: number; file: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
  return { anonymous: mebibytes('RssAnon'), file: mebibytes('RssFile') }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The slope of the best-fitting line, in MiB per minute. */
function slope(samples: readonly (readonly [number, number])[]): number {
  const [x, y] = [mean(samples.map(([at]) => at)), mean(samples.map(([, value]) => value))]
  const above = samples.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0)
  return (60 * above) / samples.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
}

/** The duration of the load on the echo: long enough to reach a steady state. */
const ECHO_SECONDS = 60

interface Loaded {
  readonly idle: number
  readonly kinds: ReturnType<typeof kindsOf>
  readonly loaded: number
  readonly samples: (readonly [number, number])[]
  readonly answers: number
  readonly failures: number
  readonly failed: string
}

/** Loads a newly started webhook, and stops it. */
async function load(webhook: Webhook, seconds: number): Promise<Loaded> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const idle = residentMiB(webhook.pid)
  const kinds = kindsOf(webhook.pid)
  const tokens = createTokens()
  let count = 0
  const nextToken = (): string => tokens((count += 1))
  await openLoad({ ...webhook, ...WARM_UP, nextToken })
  const samples: (readonly [number, number])[] = []
  const startedAt = performance.now()
  const sampler = setInterval(() => {
    samples.push([Math.round((performance.now() - startedAt) / 1000), Math.round(residentMiB(webhook.pid) * 10) / 10])
  }, 1000)
  const { failures, failed, latencies } = await openLoad({ ...webhook, perSecond: PER_SECOND, seconds, nextToken })
  clearInterval(sampler)
  const loaded = residentMiB(webhook.pid)
  await webhook.stop()
  return { idle, kinds, loaded, samples, answers: latencies.length, failures, failed }
}

/** The memory of an idle program on the runtime, in MiB. */
async function measureWaiting(scope: Scope, command: CommandLine, folder: string): Promise<number> {
  const { child, stop } = await startListening(scope, command, { ...minimalEnvironment(folder), ...IMAGE_ENVIRONMENT })
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const resident = residentMiB(child.pid ?? 0)
  await stop()
  return resident
}

/** Resident memory of the server, idle and under 1,000 logins a second, and of simpler programs on the same runtime. */
export async function measureMemory(
  scope: Scope,
  seconds: ReadonlyMap<Runtime, number>,
): Promise<{ figures: Figure[]; memory: Results['memory'][number][] }> {
  const folder = temporaryFolder(scope)
  const upstream = await startProgram(scope, 'upstream', ['0'])
  const [waiting, echo] = [await buildProgram('waiting', folder), await buildProgram('echo', folder)]
  const figures: Figure[] = []
  const memory: Results['memory'][number][] = []
  for (const [runtime, command] of PRODUCT) {
    const duration = seconds.get(runtime) ?? 0
    if (duration === 0) continue
    const ours = await load(await startWebhook(scope, command, upstream.environment), duration)
    const echoSeconds = Math.min(duration, ECHO_SECONDS)
    const calling = { ...upstream.environment, ECHO_UPSTREAM: 'https://sts.us-east-1.amazonaws.com' }
    const theirs = await load(await startEcho(scope, echo.get(runtime) ?? command, calling), echoSeconds)
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
    const words = (forSeconds: number): string =>
      `${forSeconds} s of 1,000 logins a second, all with different tokens, after ${WARM_UP.seconds} s of ${WARM_UP.perSecond} a second`
    const settled = `VmRSS ${SETTLE_MS / 1000} s after the start`
    row('idle', ours.idle, 'MiB', settled, 60)
    row('idle, its own', ours.kinds.anonymous, 'MiB', 'RssAnon', 20)
    row('idle, pages of its file', ours.kinds.file, 'MiB', 'RssFile: shared, and given back when memory is short')
    row('loaded', ours.loaded, 'MiB', `VmRSS after ${words(duration)}`, 96)
    const half = ours.samples.slice(ours.samples.length / 2)
    row('slope', slope(half), 'MiB/min', `in the last half of ${words(duration)}`, 1)
    row(
      'logins that failed',
      ours.failures,
      'count',
      `beside ${ours.answers} that did not${ours.failed === '' ? '' : `; ${ours.failed}`}`,
      0,
    )
    const alone = await measureWaiting(scope, waiting.get(runtime) ?? command, folder)
    row('a program that waits', alone, 'MiB', `${settled}: the runtime alone`)
    row('echo after one call, idle', theirs.idle, 'MiB', `${settled}: the runtime, fastify and undici`)
    row('echo after one call, loaded', theirs.loaded, 'MiB', `VmRSS after ${words(echoSeconds)}`)
    memory.push({ runtime, samples: ours.samples })
  }
  return { figures, memory }
}
