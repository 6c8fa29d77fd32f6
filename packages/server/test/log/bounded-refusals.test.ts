import { reasons, Refusal, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { test } from 'tap'
import { createRefusalLog, MAX_KINDS, type LogRefusal, type Named } from '../../src/log/bounded-refusals.ts'
import { createForeignTokens } from '../../src/login/foreign-tokens.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

/** The largest number of lines within any second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))
}

interface Flooded {
  readonly lines: RecordedLine[]
  readonly times: number[]
  /** Advances the time, and runs a function in each of its milliseconds. */
  readonly pass: (milliseconds: number, each: (at: number) => void) => void
  readonly logRefusal: LogRefusal
}

function setUp(): Flooded {
  let now = 0
  const { log, lines } = recordedLog()
  const times: number[] = []
  const warn: Log['warn'] = (message, fields) => {
    times.push(now)
    log.warn(message, fields)
  }
  const pass = (milliseconds: number, each: (at: number) => void): void => {
    for (const end = now + milliseconds; now < end; now += 1) each(now)
  }
  return { lines, times, pass, logRefusal: createRefusalLog({ ...log, warn }, () => now) }
}

function named(accountId: string, role: string): Named {
  return { identity: { accountId, canonicalArn: `arn:aws:iam::${accountId}:role/${role}` } }
}

const REASONS = Object.keys(reasons).filter((name): name is ReasonCode => name in reasons)

/** The number of refusals that the lines represent. */
function told(lines: readonly RecordedLine[]): number {
  const counts = lines.flatMap(({ fields }) => [1, fields['unlogged'] ?? 0, fields['unloggedOthers'] ?? 0])
  return counts.map(Number).reduce((sum, count) => sum + count, 0)
}

const unmapped = new Refusal('not_mapped', 'nobody')
const floods = (['malformed_token', 'wrong_host', 'expired'] as const).map((reason) => new Refusal(reason, 'rubbish'))

void test('a flood with several reasons has few lines per second, and every refusal is counted', (t) => {
  const { lines, times, pass, logRefusal } = setUp()
  pass(60_000, () => {
    for (const flood of floods) logRefusal(flood, {})
  })
  t.ok(mostInASecond(times) <= 9, `${mostInASecond(times)} lines in one second`)
  for (const { reason } of floods) {
    const own = lines.filter(({ fields }) => fields['reason'] === reason)
    t.ok(own.length >= 10 && own.length <= 20, `${reason}: ${own.length} lines a minute`)
    t.ok(told(own) <= 60_000 && told(own) >= 50_000, `${reason}: ${told(own)} are told by number`)
  }
  t.end()
})

void test('all reasons before identification share one budget, and each has lines', (t) => {
  const { lines, times, pass, logRefusal } = setUp()
  const all = REASONS.slice(0, REASONS.indexOf('not_mapped'))
  pass(120_000, () => {
    for (const reason of all) logRefusal(new Refusal(reason, 'rubbish'), {})
  })
  t.ok(mostInASecond(times) <= 9, `${mostInASecond(times)} lines in one second`)
  t.same(new Set(lines.map(({ fields }) => fields['reason'])), new Set(all))
  t.end()
})

void test('a flood hides neither new reasons nor identified callers', (t) => {
  const { lines, pass, logRefusal } = setUp()
  const clock = new Refusal('clock_ahead', 'ahead')
  pass(60_000, (at) => {
    for (const flood of floods) logRefusal(flood, {})
    if (at === 30_000) {
      logRefusal(clock, { client: 'c' })
      logRefusal(unmapped, { client: 'd' }, named('1', 'ann'))
    }
  })
  t.match(
    lines.filter(({ fields }) => 'client' in fields),
    [
      { message: 'access denied', fields: { client: 'c', reason: 'clock_ahead', unlogged: undefined } },
      { message: 'access denied', fields: { client: 'd', reason: 'not_mapped', unlogged: undefined } },
    ],
  )
  t.end()
})

void test('ten accounts with a thousand roles each neither fill the log nor hide other accounts', (t) => {
  const { lines, times, pass, logRefusal } = setUp()
  let sent = 0
  pass(60_000, (at) => {
    logRefusal(unmapped, {}, named(`9${at % 10}`, String(at % 9_973)))
    sent += 1
    // Another principal of the same account, who asks repeatedly.
    if (at % 1_000 === 500) {
      logRefusal(unmapped, {}, named('1', 'robot'))
      sent += 1
    }
    if (at % 15_000 === 14_000) {
      logRefusal(unmapped, { client: 'c' }, named('1', `somebody-${at}`))
      sent += 1
    }
  })
  t.ok(mostInASecond(times) <= 15, `${mostInASecond(times)} lines in one second`)
  t.equal(lines.filter(({ fields }) => fields['client'] === 'c').length, 4)
  t.ok(told(lines) <= sent && told(lines) > sent - 5_000, `${told(lines)} of ${sent} are told by number`)
  t.end()
})

void test('the number of distinct kinds is limited: suppressed lines of the oldest are counted with the others', (t) => {
  for (const [others, fields] of [
    [MAX_KINDS - 1, { unlogged: 1 }],
    [MAX_KINDS, { unlogged: undefined }],
  ] as const) {
    const { lines, pass, logRefusal } = setUp()
    for (let refusal = 0; refusal < 7; refusal += 1) logRefusal(unmapped, {}, named('1', 'ann'))
    t.equal(lines.length, 6)
    for (let role = 0; role < others; role += 1) logRefusal(unmapped, {}, named('2', String(role)))
    pass(60_000, () => undefined)
    logRefusal(unmapped, { client: 'c' }, named('1', 'ann'))
    t.match(lines.at(-1), { fields: { client: 'c', ...fields } }, `${others} other kinds`)
  }
  t.end()
})

void test('one frequent caller hides no other of its account', (t) => {
  const { lines, pass, logRefusal } = setUp()
  pass(2_000, (at) => {
    logRefusal(unmapped, {}, named('1', 'robot'))
    if (at === 1_000 || at === 1_100) logRefusal(unmapped, { client: 'c' }, named('1', `somebody-${at}`))
  })
  t.equal(lines.filter(({ fields }) => fields['client'] === 'c').length, 2)
  t.end()
})

void test('a preceding line is logged only together with its line', (t) => {
  const { lines, logRefusal } = setUp()
  let before = 0
  for (let login = 0; login < 100; login += 1) {
    logRefusal(unmapped, {}, { ...named('1', 'ann'), before: () => (before += 1) })
  }
  t.equal(lines.length, 6)
  t.equal(before, 6)
  t.end()
})

void test('foreign tokens have one line per minute', async (t) => {
  let now = 0
  let counted = 0
  const { log, lines } = recordedLog()
  const note = createForeignTokens(
    log,
    () => now,
    () => {
      counted += 1
    },
  )
  for (; now < 130_000; now += 10) note()
  t.equal(counted, 13_000)
  t.same(
    lines.map(({ level, fields }) => [level, fields['count']]),
    [
      ['info', 1],
      ['info', 6_000],
      ['info', 6_000],
    ],
  )
})
