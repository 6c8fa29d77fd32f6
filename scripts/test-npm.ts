// Packs the npm packages, tests them in a project of their own and prints one line of counts. Needs a registry of npm packages.
import { runTap } from './run-tap.ts'

const { failed, line } = runTap('npm.tap', ['--disable-coverage', '--timeout=900', 'test/npm/npm.test.ts'])
// The reporter does not print a final line break.
console.log(`\n${line}`)
process.exitCode = failed ? 1 : 0
