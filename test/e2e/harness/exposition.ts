/** One line of a metric. */
export interface Sample {
  /** With its suffix, such as `_bucket`. */
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

/** A metric with all of its lines. */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/gy

function parseLabels(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  let read = 0
  for (const [whole, name = '', value = ''] of text.matchAll(LABEL)) {
    if (labels.has(name)) throw new Error(`label ${name} is there twice: ${text}`)
    labels.set(name, value)
    read += whole.length
  }
  if (read !== text.length) throw new Error(`labels that can't be read: ${text}`)
  return labels
}

/** Prometheus reads values with Go's ParseFloat, which ignores case. */
function parseValue(text: string): number {
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text)
  if (Number.isNaN(value) && text.toLowerCase() !== 'nan') throw new Error(`no number: ${text}`)
  return value
}

/** Each series of a histogram: buckets grow with their bounds, and the last one counts all. */
function checkHistogram(name: string, { samples }: Family): void {
  const series = new Map<string, Sample[]>()
  for (const sample of samples) {
    const key = JSON.stringify([...sample.labels].filter(([label]) => label !== 'le'))
    series.set(key, [...(series.get(key) ?? []), sample])
  }
  for (const [key, lines] of series) {
    const buckets = lines.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => parseValue(labels.get('le') ?? ''))
    const counts = buckets.map(({ value }) => value)
    const grow = [bounds, counts].every((list) => list.every((value, at) => at === 0 || value >= (list[at - 1] ?? 0)))
    const total = lines.find((sample) => sample.name === `${name}_count`)?.value
    if (!grow || bounds.at(-1) !== Number.POSITIVE_INFINITY || counts.at(-1) !== total) {
      throw new Error(`${name} ${key} is not a histogram`)
    }
  }
}

/**
 * Parses metrics strictly.
 *
 * @throws Error for everything that Prometheus rejects.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family>()
  const helps = new Map<string, string>()
  const seen = new Set<string>()
  let current = ''
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, keyword, named = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      if (helps.has(named)) throw new Error(`a second HELP: ${line}`)
      helps.set(named, rest)
    } else if (keyword === 'TYPE') {
      if (families.has(named)) throw new Error(`a second TYPE: ${line}`)
      families.set(named, { type: rest, help: helps.get(named) ?? '', samples: [] })
      current = named
    } else if (!line.startsWith('#')) {
      const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
      const family = families.get(current)
      const suffixes = SUFFIXES[family?.type ?? ''] ?? ['']
      if (family === undefined || !suffixes.some((suffix) => current + suffix === name)) {
        throw new Error(`a line of no metric, or not together with it: ${line}`)
      }
      const sample = { name, labels: parseLabels(labels), value: parseValue(value) }
      const series = `${name}${JSON.stringify(Object.entries(Object.fromEntries(sample.labels)).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`
      if (seen.has(series)) throw new Error(`twice: ${line}`)
      seen.add(series)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family)
  return families
}
