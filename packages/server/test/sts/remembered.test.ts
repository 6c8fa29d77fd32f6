import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { lifetimeOf } from '../../src/sts/lifetime.ts'
import { createRemembered, MAX_REMEMBERED } from '../../src/sts/remembered.ts'

void test('an outcome is remembered until it expires', async (t) => {
  let now = 0
  let recalled = 0
  const remembered = createRemembered<string>(
    () => now,
    () => {
      recalled += 1
    },
  )
  t.equal(remembered.recall('a'), undefined)
  remembered.remember('a', 'one', 100)
  remembered.remember('b', 'two', 0)
  t.equal(remembered.recall('b'), undefined)
  now = 99
  t.equal(remembered.recall('a'), 'one')
  now = 100
  t.equal(remembered.recall('a'), undefined)
  t.same([remembered.size, recalled], [0, 1])
})

void test('the number of remembered outcomes is limited: the oldest are removed', async (t) => {
  let now = 0
  const remembered = createRemembered<number>(
    () => now,
    () => undefined,
    100,
  )
  for (let token = 0; token < 1_000; token += 1) remembered.remember(String(token), token, 1_000)
  t.equal(remembered.size, 100)
  t.same([remembered.recall('899'), remembered.recall('900')], [undefined, 900])
  now = 1_000
  remembered.remember('new', 1, 1_000)
  t.equal(remembered.size, 1, 'what is over makes room')
})

void test('the server remembers as many outcomes as the limit allows', async (t) => {
  const remembered = createRemembered<number>(
    () => 0,
    () => undefined,
  )
  for (let token = 0; token <= MAX_REMEMBERED; token += 1) remembered.remember(String(token), token, 1_000)
  t.equal(remembered.size, MAX_REMEMBERED)
  t.same(
    ['0', '1', String(MAX_REMEMBERED)].map((digest) => remembered.recall(digest)),
    [undefined, 1, MAX_REMEMBERED],
  )
})

void test('verdicts are remembered, refusals for at most 10 s, and errors never', async (t) => {
  t.equal(lifetimeOf({}, 30_000), 30_000)
  for (const reason of ['bad_signature', 'unknown_key', 'expired', 'sts_refused', 'unsupported_identity'] as const) {
    t.equal(lifetimeOf(new Refusal(reason, ''), 30_000), 10_000, reason)
    t.equal(lifetimeOf(new Refusal(reason, ''), 5_000), 5_000, reason)
    t.equal(lifetimeOf(new Refusal(reason, ''), 0), 0, reason)
  }
  for (const reason of ['sts_throttled', 'sts_unreachable', 'sts_bad_answer', 'overloaded'] as const) {
    t.equal(lifetimeOf(new Refusal(reason, ''), 30_000), 0, reason)
  }
})
