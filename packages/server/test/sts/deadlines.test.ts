import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { createDeadlines } from '../../src/sts/deadlines.ts'

void test('a call that takes too long times out, a finished one does not', async (t) => {
  const begin = createDeadlines(100)
  const [slow, quick] = [begin(), begin()]
  const over: string[] = []
  quick.onOver = () => over.push('quick')
  quick.end()
  const told = new Promise<Error>((resolve) => (slow.onOver = resolve))
  void told.then(() => over.push('slow'))
  await sleep(20)
  t.same(over, [])
  t.match(await told, { name: 'TimeoutError' })
  t.same(over, ['slow'])
  const next = begin()
  t.match(await new Promise((resolve) => (next.onOver = resolve)), { name: 'TimeoutError' }, 'it looks on')
})
