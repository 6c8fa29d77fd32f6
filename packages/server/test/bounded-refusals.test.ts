import { Refusal } from '@aws-iam-authenticator/core'
import { test } from 'tap'
import { createRefusalLog } from '../src/bounded-refusals.ts'
import { createForeignTokens } from '../src/foreign-tokens.ts'
import { recordedLog } from './recorded-log.ts'

void test('a flood of one reason has few lines, and hides no other', async (t) => {
  let now = 0
  const { log, lines } = recordedLog()
  const logRefusal = createRefusalLog(log, () => now)
  const flood = new Refusal('malformed_token', 'rubbish')
  for (; now < 60_000; now += 1) logRefusal(flood, {})
  t.ok(lines.length >= 30 && lines.length <= 61, `${lines.length} lines a minute`)
  const told = lines.reduce((sum, { fields }) => sum + 1 + Number(fields['unlogged'] ?? 0), 0)
  t.ok(60_000 - told <= 2_000, 'those that have no line are told by number')

  const before = lines.length
  logRefusal(new Refusal('expired', 'old'), {})
  logRefusal(new Refusal('not_mapped', 'nobody'), { client: 'c' }, 'arn:a')
  for (let login = 0; login < 100; login += 1) logRefusal(new Refusal('not_mapped', 'nobody'), {}, 'arn:b')
  t.equal(lines.length, before + 2 + 30)
  t.match(lines[before + 1], {
    message: 'access denied',
    fields: { client: 'c', reason: 'not_mapped', unlogged: undefined },
  })
})

void test('tokens of another kind have one line a minute', async (t) => {
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
