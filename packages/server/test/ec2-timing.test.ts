import { test } from 'tap'
import { createBatcher } from '../src/ec2/batcher.ts'
import { createTokenBucket } from '../src/util/token-bucket.ts'
import { virtualTiming } from './virtual-timing.ts'

void test('a bucket lets a burst through, and then so many a second', async (t) => {
  let now = 1000
  const bucket = createTokenBucket(10, 3, () => now)
  const waits = Array.from({ length: 6 }, () => bucket.take(Infinity))
  t.same(waits, [0, 0, 0, 100, 200, 300])
  now += 300
  t.equal(bucket.take(Infinity), 100, 'the burst comes back only with the time')
  now += 100 + 10_000
  t.same(
    Array.from({ length: 4 }, () => bucket.take(Infinity)),
    [0, 0, 0, 100],
    'and to no more than it was',
  )
})

void test('a token that would come too late is not taken', async (t) => {
  let now = 0
  const bucket = createTokenBucket(1, 1, () => now)
  t.equal(bucket.take(0), 0)
  t.equal(bucket.take(999), null)
  t.equal(bucket.take(1000), 1000, 'nothing was reserved for the one before')
  t.equal(bucket.take(1999), null)
  now = 2000
  t.equal(bucket.take(0), 0)
})

void test('a batch is run once, when its time is over or when it is full', async (t) => {
  const timing = virtualTiming()
  const runs: (readonly string[])[] = []
  const batch = createBatcher({
    maxKeys: 3,
    maxWaitMs: 200,
    run: async (keys) => {
      runs.push(keys)
      return keys.join('')
    },
    timing,
  })
  const full = Promise.all(['a', 'b', 'c', 'd'].map((key) => batch(key)))
  await timing.advance(0)
  t.same(runs, [['a', 'b', 'c']], 'the full one did not wait')
  await timing.advance(199)
  void batch('e')
  t.equal(runs.length, 1)
  await timing.advance(1)
  t.same(runs[1], ['d', 'e'], 'the other one waited for more')
  t.same(await full, ['abc', 'abc', 'abc', 'de'])
  void batch('f')
  await timing.advance(200)
  t.same(runs[2], ['f'])
})

void test('what a batch fails with, all of it are told, and the next one is not', async (t) => {
  const timing = virtualTiming()
  let runs = 0
  const batch = createBatcher({
    maxKeys: 2,
    maxWaitMs: 200,
    run: async () => {
      runs += 1
      if (runs === 1) throw new TypeError('no')
      return runs
    },
    timing,
  })
  const outcomes = await Promise.allSettled([batch('a'), batch('b')])
  t.same(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  t.same(await Promise.all([batch('c'), batch('d')]), [2, 2])
})
