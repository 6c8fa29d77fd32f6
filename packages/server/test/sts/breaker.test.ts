import { test } from 'tap'
import { createBreaker } from '../../src/sts/breaker.ts'

void test('five failures in a row open it, except for one trial per second, and one answer closes it', async (t) => {
  let now = 0
  const breaker = createBreaker(() => now)
  for (let failure = 0; failure < 4; failure += 1) breaker.failed()
  breaker.answered()
  for (let failure = 0; failure < 4; failure += 1) breaker.failed()
  t.ok(breaker.admits(), 'failures that are not in a row do not count')
  breaker.failed()
  t.ok(breaker.isOpen())
  t.notOk(breaker.admits())
  now = 999
  t.notOk(breaker.admits())
  now = 1000
  t.same([breaker.admits(), breaker.admits()], [true, false], 'one trial')
  breaker.failed()
  now = 1999
  t.notOk(breaker.admits(), 'a trial that failed lets no other one through at once')
  now = 2000
  t.ok(breaker.admits(), 'the next trial does not wait for one that hangs')
  breaker.answered()
  t.notOk(breaker.isOpen())
  t.same([breaker.admits(), breaker.admits()], [true, true])
})
