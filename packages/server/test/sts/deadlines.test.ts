import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { createDeadlines } from '../../src/sts/deadlines.ts'

void test('a call that takes too long is aborted, one that has ended is not', async (t) => {
  const begin = createDeadlines(100)
  const [slow, quick] = [begin(), begin()]
  quick.end()
  const aborted = new Promise<unknown>((resolve) =>
    slow.signal.addEventListener('abort', () => resolve(slow.signal.reason)),
  )
  await sleep(20)
  t.notOk(slow.signal.aborted)
  t.match(await aborted, { name: 'TimeoutError' })
  t.notOk(quick.signal.aborted)
  const next = begin()
  const ended = new Promise((resolve) => next.signal.addEventListener('abort', resolve))
  await ended
  t.ok(next.signal.aborted, 'it looks on when there was nothing to look at')
})
