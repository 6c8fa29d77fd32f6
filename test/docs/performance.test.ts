import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SECTIONS } from '../bench/results.ts'
import { ROOT } from './documents.ts'

t.test('docs/performance.md has a place for each section of the benchmark, and names it', async (t) => {
  const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8')
  for (const section of SECTIONS) {
    t.ok(page.includes(`<!-- bench: ${section} -->`), section)
    t.ok(page.includes(`\`${section}\``), section)
  }
})
