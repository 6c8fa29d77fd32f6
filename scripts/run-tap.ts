import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs tap and returns its exit code. */
export function tap(args: readonly string[], output: 'inherit' | 'ignore'): number {
  const { status } = spawnSync('tap', args, { cwd: root, stdio: ['ignore', output, 'inherit'] })
  return status ?? 1
}

/** The result of a test run. */
export interface Counted {
  readonly failed: boolean
  /** `N passed, N failed, N skipped`. */
  readonly line: string
}

function lineOf(results: string): string {
  const last = results.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? ''
  const counts = new Map(Array.from(last.matchAll(/\b(\w+): (\d+)/g), ([, name, count]) => [name, Number(count)]))
  const count = (name: string): number => counts.get(name) ?? 0
  return `${count('pass')} passed, ${count('fail')} failed, ${count('skip') + count('todo')} skipped`
}

/** Runs tests with tap, optionally under a prefix command, and writes the results to the named file below .tap. */
export function runTap(
  name: string,
  args: readonly string[],
  prefix: readonly [string, ...string[]] | null = null,
): Counted {
  const results = join(root, '.tap', name)
  mkdirSync(dirname(results), { recursive: true })
  rmSync(results, { force: true })
  // tap generates its own packages once after each install.
  const built = tap(['build'], 'ignore') === 0
  // Without a terminal, print failures only.
  const reporter = process.stdout.isTTY ? 'terse' : 'min'
  const flags = [`--reporter=${reporter}`, `--output-file=${results}`, ...args]
  const [program, ...before]: readonly [string, ...string[]] = prefix === null ? ['tap'] : [...prefix, 'tap']
  const { status } = spawnSync(program, [...before, ...flags], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  return { failed: !built || status !== 0, line: lineOf(existsSync(results) ? readFileSync(results, 'utf8') : '') }
}
