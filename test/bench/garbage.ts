import { readFileSync } from 'node:fs'
import type { Scope } from './children.ts'
import { measureFlooded, residentAtMost, watch } from './flooded.ts'
import { residentMiB } from './memory.ts'
import { openLoad } from './open-load.ts'
import { quantile, rowsOf, type Figure, type Runtime } from './results.ts'
import { createTokens } from './tokens.ts'
import type { Webhook } from './webhook.ts'

const SECTION = 'garbage'
const GARBAGE_PER_SECOND = 5_000
/** The limit of garbage in flight. Due requests are not sent while none of them is free. */
const CONNECTIONS = 200
const GOOD_PER_SECOND = 100
const ALONE_SECONDS = 5
const STS_MS = 20
const SAMPLE_MS = 100
/** The log lines of a valid login. */
const OF_GOOD_LOGINS = /msg="?(?:STS response|access granted)/

interface Good {
  readonly latencies: readonly number[]
  readonly failures: number
  /** The failures, in words. */
  readonly failed: string
}

/** The number of lines that do not belong to a valid login, and the largest number within one second. */
function linesOfGarbage(log: string): { readonly all: number; readonly most: number } {
  const seconds = new Map<string, number>()
  for (const line of log.split('\n')) {
    const second = /time="?([^" ]+)/.exec(line)?.[1]
    if (second === undefined || OF_GOOD_LOGINS.test(line)) continue
    seconds.set(second, (seconds.get(second) ?? 0) + 1)
  }
  const counts = [...seconds.values()]
  return { all: counts.reduce((sum, count) => sum + count, 0), most: Math.max(0, ...counts) }
}

/** The processor time of a process so far, in milliseconds: proc(5), the fields utime and stime, in hundredths of a second. */
function processorMilliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The effect of invalid tokens on valid logins. */
export function measureGarbage(scope: Scope, seconds: number): Promise<Figure[]> {
  return measureFlooded(scope, { stsMs: STS_MS, connections: CONNECTIONS }, async ({ runtime, webhook, flood }) => {
    await logIn(webhook, 2)
    const alone = await logIn(webhook, ALONE_SECONDS)
    const before = webhook.logged().length
    const resident: number[] = []
    const watched = watch(SAMPLE_MS, () => void resident.push(residentMiB(webhook.pid)))
    const processorBefore = processorMilliseconds(webhook.pid)
    const [sent, beside] = await Promise.all([
      flood.ask({ perSecond: GARBAGE_PER_SECOND, seconds, garbage: true }),
      logIn(webhook, seconds),
    ])
    const processor = processorMilliseconds(webhook.pid) - processorBefore
    await watched()
    const lines = linesOfGarbage(webhook.logged().slice(before))
    return figuresOf(runtime, sent, { seconds, alone, beside, lines, processor, resident })
  })
}

let count = 0
const tokens = createTokens()

async function logIn(webhook: Webhook, seconds: number): Promise<Good> {
  let refused = 0
  const { latencies, failures, failed } = await openLoad({
    ...webhook,
    perSecond: GOOD_PER_SECOND,
    seconds,
    nextToken: () => tokens((count += 1)),
    answered: ({ status, text }) => {
      if (status === 200 && !text.includes('"authenticated":true')) refused += 1
    },
  })
  return { latencies, failures: failures + refused, failed: refused > 0 ? `${failed} ${refused} × refused` : failed }
}

interface Measured {
  readonly seconds: number
  readonly alone: Good
  readonly beside: Good
  readonly lines: ReturnType<typeof linesOfGarbage>
  /** Milliseconds of processor time. */
  readonly processor: number
  readonly resident: readonly number[]
}

function figuresOf(
  runtime: Runtime,
  sent: Readonly<Record<string, string>>,
  { seconds, alone, beside, lines, processor, resident }: Measured,
): Figure[] {
  const of = (key: string): number => Number(sent[key])
  const row = rowsOf(SECTION, runtime)
  const good = `${GOOD_PER_SECOND} a second, all with different tokens, STS takes ${STS_MS} ms; from when each was due`
  return [
    row('garbage sent', of('sent') / of('sentSeconds'), {
      unit: '/s',
      how: `${GARBAGE_PER_SECOND}/s were due for ${seconds} s: in turn tokens of another kind, not base64url, for another host, too old; over ${CONNECTIONS} connections, by a process on the same cores`,
      target: { least: GARBAGE_PER_SECOND * 0.98 },
    }),
    row('garbage accepted', of('letIn'), { unit: 'count', how: 'of it', target: { most: 0 } }),
    row('garbage without an answer', of('sent') - of('accepted'), {
      unit: 'count',
      how: 'other answers than a refusal, connections that broke, and no answer within 5 s after the last was sent',
      target: { most: 0 },
    }),
    row('processor time for each', processor / (of('sent') + beside.latencies.length), {
      unit: 'ms',
      how: 'of the server, for each token, the good ones included',
    }),
    row('good logins that failed', beside.failures, {
      unit: 'count',
      how: [`beside ${beside.latencies.length} that did not`, beside.failed].filter(Boolean).join(': '),
      target: { most: 0 },
    }),
    row('good logins alone, p99', quantile(alone.latencies, 0.99), { unit: 'ms', how: good }),
    row('good logins beside it, median', quantile(beside.latencies, 0.5), { unit: 'ms', how: good }),
    row('good logins beside it, p99', quantile(beside.latencies, 0.99), { unit: 'ms', how: good }),
    row('lines of the log', lines.all / seconds, {
      unit: '/s',
      how: 'those of good logins left out, from the first token on',
      target: { most: 10 },
    }),
    row('lines of the log in one second', lines.most, {
      unit: 'count',
      how: 'the most, the first second included',
      target: { most: 10 },
    }),
    residentAtMost(row, resident),
  ]
}
