import { test } from 'tap'
import { createInFlight } from '../../src/http/in-flight.ts'

void test('idle is reported at once, or when the last request has ended', async (t) => {
  const inFlight = createInFlight()
  await inFlight.drained()
  inFlight.begin()
  inFlight.begin()
  const told: string[] = []
  const both = [inFlight.drained().then(() => told.push('a')), inFlight.drained().then(() => told.push('b'))]
  inFlight.end()
  await Promise.resolve()
  t.same(told, [])
  inFlight.end()
  await Promise.all(both)
  t.same(told, ['a', 'b'])
  await inFlight.drained()
})
