import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { bars, lines } from './plots.ts'
import { meets, shown, shownTarget, type Figure, type Results } from './results.ts'

const DOCS = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'docs')

const ALT: ReadonlyMap<string, string> = new Map([
  ['start', 'Milliseconds from start to end of each command'],
  ['webhook', 'Answers a second'],
  ['memory', 'Resident memory under 1,000 logins a second'],
])

const cell = (words: string): string => words.replaceAll('|', '\\|')

function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const met = meets(figure)
    const target = met === null ? '' : `${shownTarget(figure)}${met ? ', met' : ', **missed**'}`
    return `| ${[figure.name, figure.runtime ?? '', shown(figure), target, figure.how].map(cell).join(' | ')} |`
  })
  return ['| | Runtime | Figure | Target | How |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

function inPlace(document: string, name: string, text: string): string {
  const [start, end] = [`<!-- bench: ${name} -->`, '<!-- end -->']
  const from = document.indexOf(start)
  const to = document.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no place for ${name}`)
  return `${document.slice(0, from + start.length)}\n${text}\n${document.slice(to)}`
}

function isResults(value: unknown): value is Results {
  return isRecord(value) && Array.isArray(value['figures']) && Array.isArray(value['memory'])
}

/** The previously published figures, for the sections that were not measured again. */
function published(file: string): Partial<Results> {
  if (!existsSync(file)) return {}
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return isResults(value) ? value : {}
}

function oneALine(values: readonly unknown[]): string {
  return `[\n${values.map((value) => `    ${JSON.stringify(value)}`).join(',\n')}\n  ]`
}

/** Formats the results as JSON with one figure or series a line. */
function formatResults({ figures, memory, ...others }: Results): string {
  const fields = Object.entries(others).map(([name, value]) => `  "${name}": ${JSON.stringify(value)}`)
  return `{\n${[...fields, `  "figures": ${oneALine(figures)}`, `  "memory": ${oneALine(memory)}`].join(',\n')}\n}\n`
}

/** Writes the figures into docs/performance.md, its plots, and docs/performance/results.json. */
export function publish(measured: Results): void {
  const folder = join(DOCS, 'performance')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'results.json')
  const before = published(file)
  const sections = new Set(measured.figures.map(({ section }) => section))
  const kept = (before.figures ?? []).filter(({ section }) => !sections.has(section))
  const results: Results = {
    ...measured,
    figures: [...kept, ...measured.figures],
    memory: measured.memory.length > 0 ? measured.memory : (before.memory ?? []),
    files: measured.files.length > 0 ? measured.files : (before.files ?? []),
  }
  const of = (section: string): Figure[] => results.figures.filter((figure) => figure.section === section)
  const page = join(DOCS, 'performance.md')
  let document = readFileSync(page, 'utf8')
  const plots = new Map([
    ['start', bars(of('start').filter(({ unit }) => unit === 'ms'))],
    ['webhook', bars(of('webhook').filter(({ unit }) => unit === '/s'))],
    ['memory', lines(results.memory)],
  ])
  for (const section of sections) {
    const plot = plots.get(section)
    if (plot !== undefined) writeFileSync(join(folder, `${section}.svg`), plot)
    const image = plot === undefined ? '' : `![${ALT.get(section) ?? section}](performance/${section}.svg)\n\n`
    document = inPlace(document, section, `\n${image}${table(of(section))}\n`)
  }
  document = inPlace(document, 'machine', `Taken on ${results.date}, ${results.machine}.`)
  if (measured.files.length > 0) {
    document = inPlace(document, 'files', `\n${results.files.map((name) => `- \`${name}\``).join('\n')}\n`)
  }
  writeFileSync(page, document)
  writeFileSync(file, formatResults(results))
}
