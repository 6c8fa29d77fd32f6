import { startProgram, type Scope } from './children.ts'
import { buildProgram, PRODUCT } from './commands.ts'
import { createLoadAgent, openLoad } from './open-load.ts'
import { quantile, rowsOf, type Figure } from './results.ts'
import { createTokens } from './tokens.ts'
import { startEcho, startWebhook, type Pair, type Webhook } from './webhook.ts'
import { temporaryFolder } from '../e2e/harness/command.ts'

const SECTION = 'latency'
const TURN_SECONDS = 2
const WARM_UP_SECONDS = 5

/** Loads, and how much longer than the echo a login may take, in milliseconds. */
const LOADS = [
  { perSecond: 200, connections: 20, mostMedian: 0.2, mostP99: 1 },
  { perSecond: 1000, connections: 50, mostMedian: 1, mostP99: 5 },
] as const
type Load = (typeof LOADS)[number]

/** The latency of a login beside that of a webhook of the same runtime that makes one call and decides nothing. STS answers at once. */
export async function measureLatency(scope: Scope, seconds: number): Promise<Figure[]> {
  const echo = await buildProgram('echo', temporaryFolder(scope))
  const { environment } = await startProgram(scope, 'upstream', ['0'])
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    for (const load of LOADS) {
      const pair = {
        ours: await startWebhook(scope, command, environment),
        theirs: await startEcho(scope, echo.get(runtime) ?? command, {
          ...environment,
          ECHO_UPSTREAM: 'https://sts.us-east-1.amazonaws.com',
        }),
      }
      const { failures, measured } = await measurePair(pair, load, seconds)
      if (failures > 0) console.error(`${runtime}: ${failures} logins failed, which the latencies leave out`)
      const row = rowsOf(SECTION, runtime)
      figures.push(...figuresOf(row, load, measured, seconds))
    }
  }
  return figures
}

type Measured = Readonly<Record<keyof Pair, (readonly number[])[]>>

/** The two take turns, so that other load on the machine affects both. */
async function measurePair(
  { ours, theirs }: Pair,
  { perSecond, connections }: Load,
  seconds: number,
): Promise<{ failures: number; measured: Measured }> {
  const tokens = createTokens()
  let count = 0
  const nextToken = (): string => tokens((count += 1))
  let failures = 0
  // An API server has open connections.
  const agents = [ours, theirs].map(({ certificate }) => createLoadAgent(certificate, connections))
  const load = async (webhook: Webhook, forSeconds: number): Promise<readonly number[]> => {
    const agent = agents[webhook === ours ? 0 : 1]
    const options = { ...webhook, perSecond, nextToken, seconds: forSeconds }
    const result = await openLoad(agent === undefined ? options : { ...options, agent })
    failures += result.failures
    return result.latencies
  }
  for (const webhook of [theirs, ours]) await load(webhook, WARM_UP_SECONDS)
  const measured: Measured = { ours: [], theirs: [] }
  for (let turn = 0; turn < seconds / TURN_SECONDS; turn += 1) {
    measured.theirs.push(await load(theirs, TURN_SECONDS))
    measured.ours.push(await load(ours, TURN_SECONDS))
  }
  await Promise.all(agents.map((agent) => agent.destroy()))
  await Promise.all([ours.stop(), theirs.stop()])
  return { failures, measured }
}

function figuresOf(
  row: ReturnType<typeof rowsOf>,
  { perSecond, connections, mostMedian, mostP99 }: Load,
  measured: Measured,
  seconds: number,
): Figure[] {
  const how = `${perSecond} different tokens a second over ${connections} connections for ${seconds} s, ${TURN_SECONDS} s in turn with the echo; from when each was due`
  const of = (who: keyof Pair, share: number): number => quantile(measured[who].flat(), share)
  const more = (share: number): number =>
    quantile(
      measured.ours.map((mine, turn) => quantile(mine, share) - quantile(measured.theirs[turn] ?? [], share)),
      0.5,
    )
  const difference = 'median of the differences between neighbouring turns; below 0 is noise'
  const at = `${perSecond}/s`
  return [
    row(`login, median, ${at}`, of('ours', 0.5), { unit: 'ms', how }),
    row(`login, p99, ${at}`, of('ours', 0.99), { unit: 'ms', how }),
    row(`echo after one call, median, ${at}`, of('theirs', 0.5), { unit: 'ms', how }),
    row(`echo after one call, p99, ${at}`, of('theirs', 0.99), { unit: 'ms', how }),
    row(`more than the echo, median, ${at}`, more(0.5), { unit: 'ms', how: difference, target: { most: mostMedian } }),
    row(`more than the echo, p99, ${at}`, more(0.99), { unit: 'ms', how: difference, target: { most: mostP99 } }),
  ]
}
