import t from 'tap'
import { fuzz } from './fuzz.ts'

const COUNT = 12_000

t.test('no mutated token or TokenReview is accepted, crashes the server, or shows in its log', async (t) => {
  const report = await fuzz({ count: COUNT, seed: 7 })
  t.same(report.faults, [])
  t.equal(report.tokens + report.bodies, COUNT)
  t.ok(report.tokens > COUNT / 3 && report.bodies > COUNT / 3)
  t.ok((report.statuses['200'] ?? 0) > 0, 'some are verdicts')
  t.ok((report.statuses['400'] ?? 0) > 0, 'some are no TokenReview')
})
