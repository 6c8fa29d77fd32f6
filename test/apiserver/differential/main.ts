// Compares our reader of aws-auth with the reference's: `pnpm test:differential [--count N] [--seed N]`. Prints a report in JSON.
import { parseArgs } from 'node:util'
import { runDifferential } from './differential.ts'

const PROGRESS_EVERY = 10_000

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '20260301' } },
})
const [count, seed] = [Number(values.count), Number(values.seed)]
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed) || count < 1) {
  throw new TypeError('--count and --seed are whole numbers')
}
const report = await runDifferential({
  count,
  seed,
  onProgress: (done) => {
    if (done % PROGRESS_EVERY === 0) console.error(`${done} of ${count} texts`)
  },
})
console.log(JSON.stringify(report, null, 2))
process.exitCode = report.fault === null ? 0 : 1
