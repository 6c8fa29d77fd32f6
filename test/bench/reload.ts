import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAsk, until, whenReady } from './ask.ts'
import { startProgram, type Scope } from './children.ts'
import { PRODUCT } from './commands.ts'
import { openLoad, type Answered } from './open-load.ts'
import type { Order } from './orders.ts'
import { quantile, rowsOf, type Figure, type Runtime } from './results.ts'
import { createTokens } from './tokens.ts'
import { startWebhook } from './webhook.ts'

const SECTION = 'reload'
const PER_SECOND = 200
const WARM_UP_SECONDS = 3
const BETWEEN_MS = 700
const MOST_SECONDS = 240
/** An answer this long after a reload took effect still counts as during it, in milliseconds. */
const AFTERWARDS_MS = 200
/** The time after the last reload until memory is read, in milliseconds. */
const SETTLE_MS = 5_000

/** The sizes of aws-auth, and the time limit for each, in milliseconds. */
const SIZES = [
  { name: '16 KiB', bytes: 16 * 1024 - 200, mostMs: 60 },
  { name: '1 MiB', bytes: 1024 * 1024 - 1000, mostMs: 2_500 },
] as const
type Size = (typeof SIZES)[number]

/** A reload: when aws-auth was put, and the name of the bench's user since then. */
interface Reload {
  readonly size: Size
  readonly username: string
  readonly at: number
}

function resident(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** The latency of logins while aws-auth is replaced, and the time until it takes effect. Every entry changes each time. */
export async function measureReload(scope: Scope, reloads: number): Promise<Figure[]> {
  const upstream = await startProgram(scope, 'upstream', ['0'])
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const cluster = await startProgram(scope, 'cluster')
    const replace = async (number: number, size: Size): Promise<Reload> => {
      const username = `bench-${number}`
      const order: Order = { order: 'aws-auth', username, bytes: size.bytes, others: `user-${number}` }
      const { at = '' } = await cluster.ask(order)
      return { size, username, at: Number(at) - performance.timeOrigin }
    }
    await replace(0, SIZES[1])
    const { kubeconfig = '' } = cluster.environment
    const configuration = `  backendMode: [EKSConfigMap]\n  kubeconfig: ${kubeconfig}\n`
    const webhook = await startWebhook(scope, command, upstream.environment, configuration)
    await whenReady(createAsk(webhook, scope))
    const done: Reload[] = []
    const answers: (Answered & { readonly at: number })[] = []
    const tokens = createTokens()
    let count = 0
    const begun = performance.now()
    const ended = new AbortController()
    let latest = ''
    const load = openLoad({
      ...webhook,
      perSecond: PER_SECOND,
      seconds: MOST_SECONDS,
      ended: ended.signal,
      // Every other one is remembered.
      nextToken: () => tokens((count += 1) % 2 === 0 ? 0 : count),
      answered: (answer) => {
        answers.push({ ...answer, at: performance.now() })
        latest = answer.text
      },
    })
    await sleep((WARM_UP_SECONDS + reloads) * 1000)
    const memoryBefore = resident(webhook.pid)
    for (const size of SIZES) {
      for (let turn = 0; turn < reloads; turn += 1) {
        const reload = await replace(done.length + 1, size)
        done.push(reload)
        await until(() => latest.includes(`"${reload.username}"`))
        await sleep(BETWEEN_MS)
      }
    }
    await sleep(SETTLE_MS)
    const memory = resident(webhook.pid) - memoryBefore
    ended.abort()
    const { failures } = await load
    await webhook.stop()
    cluster.stop()
    figures.push(...figuresOf(runtime, { answers, done, failures, memory, calmFrom: begun + WARM_UP_SECONDS * 1000 }))
  }
  return figures
}

function times(answers: readonly Answered[]): number[] {
  return answers.map(({ milliseconds }) => milliseconds)
}

interface Measured {
  readonly answers: readonly (Answered & { readonly at: number })[]
  readonly done: readonly Reload[]
  readonly failures: number
  /** Resident memory after the reloads less that before them, in MiB. */
  readonly memory: number
  readonly calmFrom: number
}

function figuresOf(runtime: Runtime, { answers, done, failures, memory, calmFrom }: Measured): Figure[] {
  const firstAt = done[0]?.at ?? Number.NaN
  const before = answers.filter(({ due, at }) => due >= calmFrom && at < firstAt)
  const p99Before = quantile(times(before), 0.99)
  const how = `${PER_SECOND} logins a second, half of them remembered`
  const row = rowsOf(SECTION, runtime)
  const figures = [row('login, p99 before', p99Before, { unit: 'ms', how: `${how}, ${before.length} answers` })]
  for (const size of SIZES) {
    const reloads = done.filter((reload) => reload.size === size)
    const effects = reloads.map(({ username, at }) => {
      const first = answers.find(({ text }) => text.includes(`"${username}"`))
      return { from: at, to: first?.at ?? Number.NaN }
    })
    const during = answers.filter(({ due, at }) =>
      effects.some(({ from, to }) => at > from && due < to + AFTERWARDS_MS),
    )
    const taking = effects.map(({ from, to }) => to - from)
    const meanwhile = `${how}, ${reloads.length} times an aws-auth of ${size.name} put by an API in a process of its own`
    figures.push(
      row(`login, p99 during, ${size.name}`, quantile(times(during), 0.99), {
        unit: 'ms',
        how: `${meanwhile}; ${during.length} answers until ${AFTERWARDS_MS} ms after the effect`,
        // Only the worker thread must not cause delays: a short document is read on the event loop.
        ...(size === SIZES[1] ? { target: { most: 2 * p99Before + 10 } } : {}),
      }),
      row(`longest login during, ${size.name}`, Math.max(...times(during)), {
        unit: 'ms',
        how: 'nothing is held up for longer',
      }),
      row(`from put to effect, ${size.name}`, quantile(taking, 0.5), {
        unit: 'ms',
        how: `median of ${taking.length}: from before the API stores it to the first answer by it, one login each 5 ms`,
        target: { most: size.mostMs },
      }),
    )
  }
  figures.push(
    row('memory after the reloads - before', memory, {
      unit: 'MiB',
      how: `VmRSS ${SETTLE_MS / 1000} s after the last reload, the load going on`,
      target: { most: 15 },
    }),
    row('logins that failed', failures, { unit: 'count', how: 'before and during', target: { most: 0 } }),
  )
  return figures
}
