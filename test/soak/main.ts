// Runs a server for a long time while all kinds of faults occur: `pnpm soak [--minutes N] [--phase SECONDS] [--only TEXT]`.
// `--only` runs the phases whose names contain TEXT. Prints a line per phase, and at the end a report in JSON.
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    phase: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
  },
})
const [minutes, phaseSeconds] = [Number(values.minutes), Number(values.phase)]
if (!(minutes > 0 && phaseSeconds > 0)) throw new TypeError('--minutes and --phase are numbers above 0')
const report = await soak({
  minutes,
  phaseSeconds,
  only: values.only,
  progress: ({ name, goodLetIn, goodErrors, healthP99, loginP99, logLinesPerSecond }) =>
    console.error(
      `${name}: ${goodLetIn} let in, errors ${JSON.stringify(goodErrors)}, p99 ${loginP99} ms, healthz p99 ${healthP99} ms, ${logLinesPerSecond} log lines/s`,
    ),
})
console.log(JSON.stringify(report, null, 2))
process.exitCode = report.faults.length === 0 ? 0 : 1
