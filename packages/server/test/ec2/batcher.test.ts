import { test } from 'tap'
import { createBatcher } from '../../src/ec2/batcher.ts'
import { virtualTiming } from '../virtual-timing.ts'

void test('a batch runs once, when its time is over or it is full', async (t) => {
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

void test('a failed batch rejects all its callers, and not those of the next batch', async (t) => {
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
