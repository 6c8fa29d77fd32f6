// Runs the tests with tap, then holds packages/core to its coverage, and ends with one line of counts.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const results = join(root, '.tap', 'results.tap')
const core = join('packages', 'core', 'src') + sep
const MINIMUM_PERCENT = 95

function tap(args: readonly string[], output: 'inherit' | 'ignore'): number {
  const { status } = spawnSync('tap', args, { cwd: root, stdio: ['ignore', output, 'inherit'] })
  return status ?? 1
}

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

function countOf(name: 'pass' | 'fail' | 'skip' | 'todo'): number {
  const last =
    readFileSync(results, 'utf8')
      .match(/^# \{ total: .*\}$/gm)
      ?.at(-1) ?? ''
  return Number(new RegExp(`${name}: (\\d+)`).exec(last)?.[1] ?? 0)
}

mkdirSync(dirname(results), { recursive: true })
// tap's own packages are put together once after each install.
let failed = tap(['build'], 'ignore') !== 0
const only = process.argv.slice(2)
// Without a terminal, only what fails is worth a line.
const reporter = process.stdout.isTTY ? 'terse' : 'min'
failed =
  tap([`--reporter=${reporter}`, `--output-file=${results}`, '--coverage-report=none', ...only], 'inherit') !== 0 ||
  failed
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
console.log(`${countOf('pass')} passed, ${countOf('fail')} failed, ${countOf('skip') + countOf('todo')} skipped`)
process.exitCode = failed ? 1 : 0
