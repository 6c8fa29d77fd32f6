// Runs the tests with tap, checks the coverage of packages/core and prints one line of counts.
import { readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { root, runTap, tap } from './run-tap.ts'

const core = join('packages', 'core', 'src') + sep
const MINIMUM_PERCENT = 95
/** The number of files to list if coverage is too low. */
const FILES_NAMED = 5

interface Counted {
  readonly file: string
  readonly total: number
  readonly uncovered: number
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Counts the covered lines or branches of each file of packages/core. */
function countsOfCore(kind: 'lines' | 'branches'): readonly Counted[] {
  const summary = record(JSON.parse(readFileSync(join(root, '.tap', 'report', 'coverage-summary.json'), 'utf8')))
  return Object.entries(summary).flatMap(([file, counts]) => {
    if (!file.includes(core)) return []
    const { total, covered } = record(record(counts)[kind])
    return [{ file: relative(root, file), total: Number(total), uncovered: Number(total) - Number(covered) }]
  })
}

/** Returns the coverage in percent. */
function percentOf(counts: readonly Counted[]): number {
  const sum = (kind: 'total' | 'uncovered'): number => counts.reduce((before, count) => before + count[kind], 0)
  return sum('total') === 0 ? 0 : 100 - (100 * sum('uncovered')) / sum('total')
}

const only = process.argv.slice(2)
const { failed: testsFailed, line } = runTap('results.tap', ['--coverage-report=none', ...only])
let failed = testsFailed
if (only.length === 0) {
  tap(['report', 'json-summary'], 'ignore')
  for (const kind of ['lines', 'branches'] as const) {
    const counts = countsOfCore(kind)
    const percent = percentOf(counts)
    const enough = percent >= MINIMUM_PERCENT
    console.log(
      `coverage of packages/core, ${kind}: ${percent.toFixed(1)}% (at least ${MINIMUM_PERCENT}%)${enough ? '' : ': too low'}`,
    )
    failed ||= !enough
    if (enough) continue
    const worst = counts.filter(({ uncovered }) => uncovered > 0).toSorted((a, b) => b.uncovered - a.uncovered)
    for (const { file, total, uncovered } of worst.slice(0, FILES_NAMED))
      console.log(`  ${file}: ${uncovered}/${total} ${kind} not covered`)
  }
}
console.log(line)
process.exitCode = failed ? 1 : 0
