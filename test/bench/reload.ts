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
const BYTES = 1024 * 1024 - 1000
const WARM_UP_SECONDS = 3
const BETWEEN_MS = 700
const MOST_SECONDS = 120
/** What came a while after a reload took effect counts to it, too. */
const AFTERWARDS_MS = 200

/** What a reload changes. */
const CHANGES = ['one entry changed', 'every entry changed'] as const
type Change = (typeof CHANGES)[number]

/** A reload: when it was put, and by which name the bench's user is known since. */
interface Reload {
  readonly change: Change
  readonly username: string
  readonly at: number
}

/** What logins cost while the largest aws-auth is replaced, and how soon that has effect. */
export async function measureReload(scope: Scope, reloads: number): Promise<Figure[]> {
  const upstream = await startProgram(scope, 'upstream', ['0'])
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const cluster = await startProgram(scope, 'cluster')
    const replace = async (number: number, change: Change): Promise<Reload> => {
      const username = `bench-${number}`
      const others = change === 'one entry changed' ? 'user' : `user-${number}`
      const order: Order = { order: 'aws-auth', username, bytes: BYTES, others }
      const { at = '' } = await cluster.ask(order)
      return { change, username, at: Number(at) - performance.timeOrigin }
    }
    await replace(0, 'one entry changed')
    const { kubeconfig = '' } = cluster.environment
    const configuration = `  backendMode: [EKSConfigMap]\n  kubeconfig: ${kubeconfig}\n`
    const webhook = await startWebhook(scope, command, upstream.environment, configuration)
    await whenReady(createAsk(webhook, scope))
    const done: Reload[] = []
    const answers: (Answered & { readonly at: number })[] = []
    const tokens = createTokens()
    let count = 0
    const beforeSeconds = reloads
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
    await sleep((WARM_UP_SECONDS + beforeSeconds) * 1000)
    for (const change of CHANGES) {
      for (let turn = 0; turn < reloads; turn += 1) {
        const reload = await replace(done.length + 1, change)
        done.push(reload)
        await until(() => latest.includes(`"${reload.username}"`))
        await sleep(BETWEEN_MS)
      }
    }
    ended.abort()
    const { failures } = await load
    await webhook.stop()
    cluster.stop()
    figures.push(...figuresOf(runtime, { answers, done, failures, calmFrom: begun + WARM_UP_SECONDS * 1000 }))
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
  readonly calmFrom: number
}

function figuresOf(runtime: Runtime, { answers, done, failures, calmFrom }: Measured): Figure[] {
  const firstAt = done[0]?.at ?? Number.NaN
  const before = answers.filter(({ due, at }) => due >= calmFrom && at < firstAt)
  const p99Before = quantile(times(before), 0.99)
  const how = `${PER_SECOND} logins a second, half of them remembered`
  const row = rowsOf(SECTION, runtime)
  const figures = [row('login, p99 before', p99Before, { unit: 'ms', how: `${how}, ${before.length} answers` })]
  for (const change of CHANGES) {
    const reloads = done.filter((reload) => reload.change === change)
    const effects = reloads.map(({ username, at }) => {
      const first = answers.find(({ text }) => text.includes(`"${username}"`))
      return { from: at, to: first?.at ?? Number.NaN }
    })
    const during = answers.filter(({ due, at }) =>
      effects.some(({ from, to }) => at > from && due < to + AFTERWARDS_MS),
    )
    const p99During = quantile(times(during), 0.99)
    const taking = effects.map(({ from, to }) => to - from)
    const meanwhile = `${how}, ${reloads.length} times an aws-auth of 1 MiB put by an API in a process of its own`
    figures.push(
      row(`login, p99 during, ${change}`, p99During, {
        unit: 'ms',
        how: `${meanwhile}; ${during.length} answers from each put until ${AFTERWARDS_MS} ms after its effect`,
      }),
      row(`login, p99 during / before, ${change}`, p99During / p99Before, {
        unit: 'ratio',
        how: 'divided',
        target: { most: 2 },
      }),
      row(`longest login during, ${change}`, Math.max(...times(during)), {
        unit: 'ms',
        how: 'no more than that is all else ever held up',
        target: { most: 100 },
      }),
      row(`from put to effect, ${change}`, quantile(taking, 0.5), {
        unit: 'ms',
        how: `median of ${taking.length}: from before the API stores it to the first answer by it, one login each 5 ms`,
        target: { most: 100 },
      }),
    )
  }
  figures.push(row('logins that failed', failures, { unit: 'count', how: 'before and during', target: { most: 0 } }))
  return figures
}
