import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { document, ROOT } from './documents.ts'

const parity = document('docs/parity.md')
const UNTESTED = 'not tested yet'
/** A file, and the tests or rows in it. */
const PLACE = /`([^`]+)`((?:,? "[^"]+")*)/g

/** The cells of each row, without headers and rules. */
const rows: readonly (readonly string[])[] = parity.text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:Fact|---) \|/.test(line))
  .map((line) => line.split('|').slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()))

t.test('every fact has a behaviour here and a test', async (t) => {
  t.ok(rows.length > 100, `${rows.length} facts`)
  for (const [fact = '', here = '', ...rest] of rows) {
    t.not(fact, '')
    t.not(here, '', fact)
    t.equal(rest.length, 1, `${fact}: three columns`)
    const [tested = ''] = rest
    if (tested !== UNTESTED) t.equal(tested.replaceAll(PLACE, '').replaceAll('; ', ''), '', `${fact}: ${tested}`)
    if (tested !== UNTESTED) t.match(tested, /^`/, fact)
    if (here.includes('**better**')) t.match(here, /\*\*better\*\*: \S/, `${fact}: says why`)
  }
})

t.test('the named tests exist', async (t) => {
  for (const [fact = '', , tested = ''] of rows) {
    for (const [, path = '', names = ''] of tested.matchAll(PLACE)) {
      t.match(path, /^(?:test|packages\/\w+\/test)\//, fact)
      const file = join(ROOT, path)
      t.ok(existsSync(file), `${fact}: ${path}`)
      const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
      for (const [, name = ''] of names.matchAll(/"([^"]+)"/g)) t.ok(text.includes(name), `${path}: ${name}`)
    }
  }
})

t.test('the list of untested facts is complete', async (t) => {
  const untested = rows.filter(([, , tested]) => tested === UNTESTED).map(([fact]) => fact)
  t.same(untested, [])
})
