// Runs the tests with tap, then holds packages/core to its coverage, and ends with one line of counts.
import { readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { root, runTap, tap } from './run-tap.ts'

const core = join('packages', 'core', 'src') + sep
const MINIMUM_PERCENT = 95

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** The share in percent of what the files of packages/core have that the tests ran. */
function coverageOfCore(kind: 'lines' | 'branches'): number {
  const summary = record(JSON.parse(readFileSync(join(root, '.tap', 'report', 'coverage-summary.json'), 'utf8')))
  let [total, covered] = [0, 0]
  for (const [file, counts] of Object.entries(summary)) {
    if (!file.includes(core)) continue
    const { total: all, covered: run } = record(record(counts)[kind])
    total += Number(all)
    covered += Number(run)
  }
  return total === 0 ? 0 : (100 * covered) / total
}

const only = process.argv.slice(2)
const { failed: testsFailed, line } = runTap('results.tap', ['--coverage-report=none', ...only])
let failed = testsFailed
if (only.length === 0) {
  tap(['report', 'json-summary'], 'ignore')
  for (const kind of ['lines', 'branches'] as const) {
    const percent = coverageOfCore(kind)
    const enough = percent >= MINIMUM_PERCENT
    console.log(
      `coverage of packages/core, ${kind}: ${percent.toFixed(1)}% (at least ${MINIMUM_PERCENT}%)${enough ? '' : ': too low'}`,
    )
    failed ||= !enough
  }
}
console.log(line)
process.exitCode = failed ? 1 : 0
