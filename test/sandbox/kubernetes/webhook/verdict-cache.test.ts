import t from 'tap'
import type { Verdict } from './token-review.ts'
import { VerdictCache } from './verdict-cache.ts'

await t.test('verdicts are kept for two minutes, errors never', async (test) => {
  let now = 0
  const cache = new VerdictCache(() => now)
  const refused: Verdict = { kind: 'refused' }
  cache.set('a', refused)
  cache.set('b', { kind: 'error', message: '' })
  now = 119_999
  test.equal(cache.get('a'), refused)
  test.equal(cache.get('b'), undefined)
  test.equal(cache.get('c'), undefined)
  now = 120_000
  test.equal(cache.get('a'), undefined)
})
