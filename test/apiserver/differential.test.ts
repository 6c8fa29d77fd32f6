import t from 'tap'
import { runDifferential } from './differential/differential.ts'
import { ODDITIES } from './differential/oddities.ts'

const COUNT = 2_000
const SEED = 14

t.test('every entry that we accept, the reference accepts with the same ARN, username and groups', async (t) => {
  const report = await runDifferential({ count: COUNT, seed: SEED })
  t.equal(report.fault, null)
  t.equal(report.texts, COUNT)
  t.ok(report.acceptedByBoth > COUNT, 'most texts have entries that both accept')
  t.ok(Object.keys(report.rejectedHere).length > 10)
})

t.test('each kind of oddity has its ways', async (t) => {
  for (const [kind, ways] of ODDITIES) t.ok(ways.length > 10, kind)
})
