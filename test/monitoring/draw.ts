import type { Panel } from './dashboard.ts'
import type { Answer, Series } from './prometheus.ts'

const [CELL, ROW, GAP] = [60, 36, 8]
const COLORS = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff780a',
  '#f2495c',
  '#b877d9',
  '#8ab8ff',
  '#ffa6b0',
  '#96d98d',
  '#c0d8ff',
]

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function scaled(value: number, base: number, units: readonly string[]): string {
  const power =
    value === 0 ? 0 : Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.abs(value)) / Math.log(base))))
  return `${Number((value / base ** power).toPrecision(3))} ${units[power] ?? ''}`.trim()
}

/** A value in the format of Grafana for this unit. */
function shown(value: number, unit: string): string {
  if (Number.isNaN(value)) return 'NaN'
  if (unit === 'reqps') return `${scaled(value, 1000, ['', 'K'])} req/s`
  if (unit === 'ops') return `${scaled(value, 1000, ['', 'K'])} ops/s`
  if (unit === 'bytes') return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB'])
  if (unit === 'percentunit') return `${Number((value * 100).toPrecision(3))}%`
  if (unit === 's') {
    if (value >= 31_536_000) return `${(value / 31_536_000).toFixed(1)} years`
    if (value >= 86_400) return `${(value / 86_400).toFixed(1)} days`
    return value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`
  }
  return scaled(value, 1000, ['', 'K', 'M'])
}

function legendOf(format: string, { labels }: Series): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => labels.get(name) ?? '')
}

type Times = readonly [start: number, end: number]

/** The colours that Grafana has under these names. */
const NAMED = new Map([
  ['green', '#73bf69'],
  ['orange', '#ff9830'],
  ['red', '#f2495c'],
  ['blue', '#5794f2'],
])

interface Named extends Series {
  readonly name: string
}

function stat({ unit, steps }: Panel, series: readonly Named[], width: number, height: number): string {
  const value = series[0]?.points.at(-1)?.[1]
  const color = value === undefined ? undefined : steps.findLast(({ from }) => value >= from)?.color
  const words = value === undefined ? 'No data' : shown(value, unit)
  return `<text x="${width / 2}" y="${height / 2 + 18}" text-anchor="middle" font-size="30" fill="${NAMED.get(color ?? '') ?? '#ccc'}">${words}</text>`
}

function plot(
  { unit, steps, decimals }: Panel,
  series: readonly Named[],
  width: number,
  height: number,
  times: Times,
): string {
  if (series.length === 0) return `<text x="${width / 2}" y="${height / 2}" text-anchor="middle">No data</text>`
  const [left, top] = [74, 34]
  const columns = Math.max(
    1,
    Math.min(3, Math.floor((width - 16) / (24 + 6.5 * Math.max(...series.map(({ name }) => name.length))))),
  )
  const rows = Math.ceil(series.length / columns)
  const bottom = height - 14 - rows * 16
  const points = series.flatMap((one) => one.points).filter(([, value]) => Number.isFinite(value))
  const [first, last] = times
  const most = Math.max(...points.map(([, value]) => value)) || 1
  const x = (at: number): string => (left + ((at - first) / Math.max(1, last - first)) * (width - left - 12)).toFixed(1)
  const y = (value: number): string => (bottom - (value / most) * (bottom - top)).toFixed(1)
  const parts = decimals === 0 && most < 4 ? [0, 1] : [0, 0.25, 0.5, 0.75, 1]
  const grid = parts.map((part) => {
    const at = y(part * most)
    return `<line x1="${left}" x2="${width - 12}" y1="${at}" y2="${at}" stroke="#333"/><text x="${left - 6}" y="${Number(at) + 4}" text-anchor="end" font-size="11">${shown(decimals === 0 ? Math.round(part * most) : part * most, unit)}</text>`
  })
  const limits = steps.filter(({ from }) => Number.isFinite(from) && from <= most && from > 0)
  const dashes = limits.map(
    ({ from, color }) =>
      `<line x1="${left}" x2="${width - 12}" y1="${y(from)}" y2="${y(from)}" stroke="${NAMED.get(color) ?? color}" stroke-dasharray="6 4"/>`,
  )
  const lines = series.map((one, index) => {
    const color = COLORS[index % COLORS.length] ?? ''
    const line = one.points
      .filter(([, value]) => Number.isFinite(value))
      .map(([at, value]) => `${x(at)},${y(value)}`)
      .join(' ')
    const [keyX, keyY] = [
      12 + (index % columns) * ((width - 16) / columns),
      bottom + 20 + Math.floor(index / columns) * 16,
    ]
    return `<polyline points="${line}" fill="none" stroke="${color}" stroke-width="1.5"/><rect x="${keyX}" y="${keyY - 4}" width="12" height="3" fill="${color}"/><text x="${keyX + 16}" y="${keyY + 2}" font-size="11">${escape(one.name)}</text>`
  })
  return [...grid, ...dashes, ...lines].join('')
}

/** The panels at their positions, as a self-contained page. */
export async function drawDashboard(
  panels: readonly Panel[],
  [start, end]: Times,
  ask: (expression: string, start: number, end: number) => Promise<Answer>,
): Promise<{ html: string; width: number; height: number }> {
  const drawn: string[] = []
  for (const panel of panels) {
    const series: Named[] = []
    for (const { expression, legend } of panel.targets) {
      const answer = await ask(expression.replaceAll('$job', '.*').replaceAll('$__rate_interval', '10s'), start, end)
      if (answer.status !== 'success') throw new Error(`${panel.title}: ${answer.status}, ${answer.error ?? ''}`)
      for (const one of answer.series) series.push({ ...one, name: legendOf(legend, one) })
    }
    const [width, height] = [panel.place.w * CELL - GAP, panel.place.h * ROW - GAP]
    const body =
      panel.type === 'stat' ? stat(panel, series, width, height) : plot(panel, series, width, height, [start, end])
    drawn.push(
      `<g transform="translate(${panel.place.x * CELL + GAP / 2},${panel.place.y * ROW + GAP / 2})"><rect width="${width}" height="${height}" fill="#181b1f" stroke="#2c3235"/><text x="10" y="20" font-size="14" font-weight="bold">${escape(panel.title)}</text>${body}</g>`,
    )
  }
  const [width, height] = [24 * CELL, Math.max(...panels.map(({ place }) => place.y + place.h)) * ROW]
  const html = `<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#111217}</style><svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#ccccdc">${drawn.join('\n')}</svg>\n`
  return { html, width, height }
}
