import { test } from 'tap'
import { createCallQueue, type CallQueue } from '../../src/sts/call-queue.ts'
import { virtualTiming, type VirtualTiming } from '../virtual-timing.ts'

function setUp(mayWait = true): { readonly queue: CallQueue; readonly timing: VirtualTiming } {
  const timing = virtualTiming()
  const options = { timing, first: () => 2, most: 4, maxExpectedWaitMs: 500, maxWaitMs: 2_000, mayWait: () => mayWait }
  return { queue: createCallQueue(options), timing }
}

void test('calls are served in order, and more at once as calls are answered', async (t) => {
  const { queue } = setUp()
  t.same([queue.enter(), queue.enter()], [true, true])
  const order: string[] = []
  const waiting = ['a', 'b', 'c', 'd'].map(async (name) => {
    if (await queue.enter()) order.push(name)
  })
  t.same([queue.inFlight, queue.queued], [2, 4])
  queue.leave(10)
  await Promise.resolve()
  t.same([queue.inFlight, queue.queued], [2, 3], 'the place that is free')
  for (let answer = 0; answer < 3; answer += 1) queue.leave(10)
  await Promise.all(waiting)
  t.same(order, ['a', 'b', 'c', 'd'])
  t.same([queue.inFlight, queue.queued], [2, 0])
  for (let answer = 0; answer < 30; answer += 1) {
    queue.leave(10)
    t.equal(queue.enter(), true)
  }
  t.same([queue.enter(), queue.enter()], [true, true], 'more at once')
  t.not(queue.enter(), true, 'not more than the most')
})

void test('a call without an answer resets the limit', async (t) => {
  const { queue } = setUp()
  for (let call = 0; call < 20; call += 1) {
    queue.enter()
    queue.leave(10)
  }
  for (let call = 0; call < 4; call += 1) t.equal(queue.enter(), true)
  queue.leave(null)
  t.not(queue.enter(), true)
  queue.leave(null)
  queue.leave(null)
  t.equal(queue.inFlight, 2, 'who waited has the place')
})

void test('a call that would wait too long is rejected at once, by the duration of previous calls', async (t) => {
  const { queue } = setUp()
  for (let call = 0; call < 17; call += 1) {
    queue.enter()
    queue.leave(600)
  }
  for (let call = 0; call < 4; call += 1) t.equal(queue.enter(), true)
  for (const quarter of [1, 2, 3]) t.type(queue.enter(), Promise, `${quarter} quarters of 600 ms`)
  t.equal(queue.enter(), false)
})

void test('while the limit grows, the fastest call predicts the next ones', async (t) => {
  const { queue } = setUp()
  for (const answeredAfterMs of [4_000, 2_400]) {
    queue.enter()
    queue.leave(answeredAfterMs)
  }
  for (const place of [1, 2]) t.equal(queue.enter(), true, `place ${place}`)
  t.equal(queue.enter(), false, 'one of four calls at once of 2.4 s each ends in 600 ms')
  queue.leave(800)
  t.equal(queue.enter(), true)
  for (const wait of [200, 400]) t.type(queue.enter(), Promise, `${wait} ms`)
  t.equal(queue.enter(), false)
})

void test('no call waits longer than the maximum, and a full queue accepts none', async (t) => {
  const { queue, timing } = setUp()
  queue.enter()
  queue.enter()
  const early = queue.enter()
  await timing.advance(1_500)
  const late = queue.enter()
  await timing.advance(600)
  t.equal(await early, false)
  t.equal(queue.queued, 1)
  await timing.advance(1_500)
  t.equal(await late, false)
  t.same([queue.inFlight, queue.queued], [2, 0])

  const full = setUp(false).queue
  full.enter()
  full.enter()
  t.equal(full.enter(), false)
})
