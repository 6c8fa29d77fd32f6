// Measures the time of `token`, the logins that a server answers, and its memory. Prints a table and, last,
// one line of JSON.
import { arch, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureDecisions } from './decisions.ts'
import { measureJwt } from './jwt.ts'
import { measureGarbage } from './garbage.ts'
import { measureLatency } from './latency.ts'
import { measureLimits } from './limits.ts'
import { measureMemory } from './memory.ts'
import { measureObjects } from './objects.ts'
import { measureOverload } from './overload.ts'
import { publish } from './publish.ts'
import { measureReload } from './reload.ts'
import { meets, SECTIONS, shown, shownTarget, type Figure, type Results, type Runtime } from './results.ts'
import { measureStart } from './start.ts'
import { measureStsCalls } from './sts-calls.ts'
import { measureWebhook } from './webhook.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    publish: { type: 'boolean' },
    'memory-seconds': { type: 'string' },
    'overload-seconds': { type: 'string' },
  },
})
const wanted = values.only?.split(',') ?? SECTIONS
const unknown = wanted.filter((name) => !SECTIONS.includes(name))
if (unknown.length > 0) throw new Error(`no section ${unknown.join(', ')}: there are ${SECTIONS.join(', ')}`)
const quick = values.quick === true

const cleanUps: (() => unknown)[] = []
const scope = { teardown: (action: () => unknown): void => void cleanUps.unshift(action) }

function print(figures: readonly Figure[]): void {
  for (const figure of figures) {
    const met = meets(figure)
    const target = met === null ? '' : `${shownTarget(figure)} ${met ? 'met' : 'MISSED'}`
    const columns = [figure.name.padEnd(52), (figure.runtime ?? '').padEnd(11), shown(figure).padStart(12), target]
    console.log(columns.join(' ').trimEnd())
  }
}

async function measure(): Promise<Results> {
  const figures: Figure[] = []
  const add = (more: readonly Figure[]): void => {
    print(more)
    figures.push(...more)
  }
  let files: string[] = []
  let memory: Results['memory'] = []
  if (wanted.includes('start')) {
    const measured = await measureStart(scope, quick ? 5 : 25)
    files = measured.files
    add(measured.figures)
    console.log(`token opens or looks for, besides what a program that does nothing does: ${files.join(' ')}`)
  }
  if (wanted.includes('decisions')) add(measureDecisions())
  if (wanted.includes('sts-calls')) add(await measureStsCalls())
  if (wanted.includes('reload')) add(await measureReload(scope, quick ? 3 : 16))
  if (wanted.includes('objects')) add(await measureObjects(scope, quick ? 10_000 : 50_000))
  if (wanted.includes('webhook')) add(await measureWebhook(scope, quick ? 4 : 10))
  if (wanted.includes('latency')) add(await measureLatency(scope, quick ? 16 : 60))
  if (wanted.includes('jwt')) add(await measureJwt(scope, quick ? 4 : 10))
  if (wanted.includes('overload')) {
    add(await measureOverload(scope, Number(values['overload-seconds'] ?? (quick ? 6 : 20))))
  }
  if (wanted.includes('garbage')) add(await measureGarbage(scope, quick ? 12 : 30))
  if (wanted.includes('limits')) add(await measureLimits(scope, quick ? 60 : 600))
  if (wanted.includes('memory')) {
    const seconds = Number(values['memory-seconds'] ?? (quick ? 20 : 150))
    const durations = new Map<Runtime, number>([
      ['executable', seconds],
      ['Node.js', Math.min(seconds, 60)],
    ])
    const measured = await measureMemory(scope, durations)
    memory = measured.memory
    add(measured.figures)
  }
  const machine = `${cpus().length} cores, ${arch() === 'x64' ? 'x86-64' : arch()}, Linux`
  return { machine, date: new Date().toISOString().slice(0, 10), figures, memory, files }
}

// Some machines set it, and it would slow down each start of an old Node.js.
delete process.env['NODE_EXTRA_CA_CERTS']
try {
  const results = await measure()
  console.log(JSON.stringify(results))
  if (values.publish === true) publish(results)
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
