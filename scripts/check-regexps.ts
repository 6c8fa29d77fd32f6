// Fails if a regular expression of the packages or the scripts can backtrack super-linearly. Run by `pnpm lint`.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultOf } from './lint/check-regexp.ts'
import { findRegexps } from './lint/find-regexps.ts'

const ROOT = join(import.meta.dirname, '..')

/** Files whose patterns never see untrusted input, each with the reason. */
const ALLOWED: ReadonlyMap<string, string> = new Map([
  ['scripts/build/deny-variables.ts', 'searches the pinned runtime for names of variables, during the build'],
  ['scripts/structure.ts', 'reads the sources of this repository'],
])

const faults: string[] = []
let count = 0
for (const path of globSync(['packages/*/src/**/*.ts', 'scripts/**/*.ts'], { cwd: ROOT }).toSorted()) {
  const file = path.replaceAll('\\', '/')
  if (ALLOWED.has(file)) continue
  for (const found of findRegexps(readFileSync(join(ROOT, path), 'utf8'))) {
    count += 1
    const fault = faultOf(found)
    if (fault !== null) faults.push(`${file}:${found.line}: ${found.text} ${fault}`)
  }
}
for (const fault of faults) console.error(fault)
console.log(`${count} regular expressions checked, ${faults.length} can backtrack super-linearly`)
process.exitCode = faults.length > 0 ? 1 : 0
