import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import type { Decision } from '../../src/login/decision.ts'
import { createRecentCount } from '../../src/observe/recent-count.ts'
import { createRecentDecisions, MAX_GROUPS, MAX_REPORTED_GROUPS } from '../../src/observe/recent-decisions.ts'

const START = Date.parse('2026-03-04T12:00:00Z')

function decision(reason: ReasonCode | null, name?: string): Decision {
  const arn = `arn:aws:iam::123456789012:user/${name ?? ''}`
  const ids = { kind: 'user' as const, accountId: '123456789012', userId: 'AIDA', sessionName: '', accessKeyId: 'AKIA' }
  const identity = name === undefined ? null : { ...ids, arn, canonicalArn: arn }
  const nothing = { stsHost: null, issuer: null, backend: null, entry: null, user: null, latencyMs: 1 }
  return { subject: 'token', reason, error: 'x'.repeat(1_000), client: '127.0.0.1:1', identity, ...nothing }
}

void test('refusals are grouped by reason and principal, and their number is bounded', (t) => {
  let now = START
  const decisions = createRecentDecisions(() => new Date(now))
  for (let each = 0; each < 3; each += 1) decisions.note(decision('not_mapped', 'eve'))
  decisions.note(decision('bad_signature'))
  now += 1_000
  decisions.note(decision('not_mapped', 'eve'))
  t.match(decisions.refusals(), [
    { reason: 'not_mapped', arn: /user\/eve$/, count: 4, lastAt: '2026-03-04T12:00:01.000Z', error: /^x{400}$/ },
    { reason: 'bad_signature', arn: null, count: 1, lastAt: '2026-03-04T12:00:00.000Z' },
  ])
  for (let each = 0; each < MAX_GROUPS; each += 1) decisions.note(decision('not_mapped', `user-${each}`))
  t.equal(decisions.refusals().length, MAX_REPORTED_GROUPS)
  decisions.note(decision('bad_signature'))
  t.match(decisions.refusals()[0], { reason: 'bad_signature', count: 1 }, 'the oldest groups were dropped')
  t.equal(decisions.report().refused, MAX_GROUPS + 6)
  t.end()
})

void test('refusals since the last granted login are counted by reason', (t) => {
  const decisions = createRecentDecisions(() => new Date(START))
  for (const reason of ['expired', 'not_mapped', 'not_mapped'] as const) decisions.note(decision(reason))
  t.same(decisions.report().refusedSinceLastGrant, [
    { reason: 'not_mapped', count: 2 },
    { reason: 'expired', count: 1 },
  ])
  decisions.note(decision(null, 'alice'))
  t.match(decisions.report(), { granted: 1, refused: 3, refusedSinceLastGrant: [], lastGrantedAt: /^2026/ })
  t.end()
})

void test('recent counts are those of five minutes', (t) => {
  let now = START
  const { add, total } = createRecentCount(() => new Date(now))
  for (let minute = 0; minute < 7; minute += 1) {
    add()
    now += 60_000
  }
  now -= 60_000
  t.equal(total(), 5)
  now += 4 * 60_000
  t.equal(total(), 1)
  now += 60_000
  t.equal(total(), 0)
  add()
  t.equal(total(), 1, 'the slot of the minute begins at 0 again')
  t.end()
})
