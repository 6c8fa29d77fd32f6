import { readFileSync } from 'node:fs'
import t from 'tap'
import { compare } from './differential/compare.ts'
import { runDifferential } from './differential/differential.ts'
import { FOUND, ODDITIES } from './differential/oddities.ts'
import { startReferenceReader } from './differential/reference.ts'
import { buildProgram, READ_AWS_AUTH } from './harness/binary.ts'

const COUNT = 2_000
const SEED = 14

t.test('every entry that we accept has the same ARN, username and groups in the reference', async (t) => {
  const report = await runDifferential({ count: COUNT, seed: SEED })
  t.equal(report.fault, null)
  t.equal(report.texts, COUNT)
  t.ok(report.acceptedByBoth > COUNT, 'most ConfigMaps have entries that both accept')

  const parity = readFileSync(new URL('../../docs/parity.md', import.meta.url), 'utf8')
  const [, section = ''] = /^### The text of aws-auth$(.*?)^### /ms.exec(parity) ?? []
  const kinds = Object.keys(report.rejectedHere)
  t.ok(kinds.length > 10)
  for (const kind of kinds) {
    t.ok(
      section.includes(`"${kind}"`) || section.includes(`"== ${kind}"`),
      `docs/parity.md says why "${kind}" is rejected`,
    )
  }
})

t.test('text that the package yaml reads differently from the reference is rejected', async (t) => {
  const reader = startReferenceReader(await buildProgram(READ_AWS_AUTH))
  t.teardown(() => reader.close())
  for (const [index, text] of FOUND.entries()) {
    const data = { mapRoles: text }
    const faults = compare(data, await reader.read(data)).faults
    // A line separator in a message would end a TAP line.
    t.equal(faults.length, 0, `text ${index + 1} of found.txt`)
  }
})

t.test('each kind of oddity has several examples', async (t) => {
  for (const [kind, oddities] of ODDITIES) t.ok(oddities.length > 10, kind)
})
