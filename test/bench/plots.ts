import { shown, type Figure, type Results } from './results.ts'

const WIDTH = 720
const LEFT = 300
const ROW = 24
const FONT = 'font-family="sans-serif" font-size="13" fill="#444"'

function text(x: number, y: number, words: string, anchor = 'start'): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" ${FONT} text-anchor="${anchor}">${escaped}</text>`
}

function svg(height: number, parts: readonly string[]): string {
  const box = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`
  const background = `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}>\n${[background, ...parts].join('\n')}\n</svg>\n`
}

/** Figures of one unit as bars. */
export function bars(figures: readonly Figure[]): string {
  const most = Math.max(...figures.map(({ value }) => value))
  const rows = figures.map((figure, index) => {
    const y = index * ROW + 10
    const width = Math.max(1, (figure.value / most) * (WIDTH - LEFT - 90))
    const name = figure.runtime === null ? figure.name : `${figure.name} (${figure.runtime})`
    const color = figure.runtime === 'Node.js' ? '#7aa874' : figure.runtime === null ? '#aaa' : '#3b6fb6'
    return [
      text(LEFT - 8, y + 13, name, 'end'),
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 6}" fill="${color}"/>`,
      text(LEFT + width + 6, y + 13, shown(figure)),
    ].join('\n')
  })
  return svg(figures.length * ROW + 20, rows)
}

/** Resident memory over time, a line for each runtime. */
export function lines(memory: Results['memory']): string {
  const [height, left, bottom] = [300, 50, 30]
  const all = memory.flatMap(({ samples }) => samples)
  const [seconds, most] = [Math.max(1, ...all.map(([at]) => at)), Math.max(128, ...all.map(([, value]) => value))]
  const x = (at: number): number => left + (at / seconds) * (WIDTH - left - 20)
  const y = (value: number): number => height - bottom - (value / most) * (height - bottom - 20)
  const grid = Array.from({ length: 5 }, (_, index) => {
    const value = (most * index) / 4
    const at = y(value).toFixed(1)
    return `<line x1="${left}" x2="${WIDTH - 20}" y1="${at}" y2="${at}" stroke="#ddd"/>\n${text(left - 6, y(value) + 4, value.toFixed(0), 'end')}`
  })
  const drawn = memory.map(({ runtime, samples }, index) => {
    const color = runtime === 'Node.js' ? '#7aa874' : '#3b6fb6'
    const points = samples.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    const line = `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2"/>`
    return `${line}\n<rect x="${left + 10 + index * 130}" y="4" width="12" height="12" fill="${color}"/>\n${text(left + 28 + index * 130, 15, runtime)}`
  })
  const axis =
    text(WIDTH - 20, height - 8, `${seconds} s`, 'end') + text(left, height - 8, 'MiB resident, 1,000 logins a second')
  return svg(height, [...grid, ...drawn, axis])
}
