import { test } from 'tap'
import { createTokenBucket } from '../../src/util/token-bucket.ts'

void test('a bucket allows a burst, then a fixed rate', async (t) => {
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
