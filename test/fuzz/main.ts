// Fuzzes a running server with mutated tokens and TokenReviews: `pnpm fuzz [--count N] [--seed N]`. Prints a report in JSON.
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const PROGRESS_EVERY = 50_000

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '20260301' } },
})
const [count, seed] = [Number(values.count), Number(values.seed)]
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed) || count < 1) {
  throw new TypeError('--count and --seed are whole numbers')
}
const report = await fuzz({
  count,
  seed,
  progress: (done) => {
    if (done % PROGRESS_EVERY === 0) console.error(`${done} of ${count} inputs`)
  },
})
console.log(JSON.stringify(report, null, 2))
process.exitCode = report.faults.length === 0 ? 0 : 1
