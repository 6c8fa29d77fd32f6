import type { Style } from './style.ts'
import type { Colour, Line } from './writer.ts'

/** The number of unchanged lines around a change. */
const CONTEXT = 3

/** The number of changed lines up to which the shortest difference is searched, because time and memory grow with its square. */
const MAX_CHANGES = 1_000

/** A line of a difference. */
interface Step {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

const COLOURS: Readonly<Record<Step['sign'], readonly Colour[]>> = { ' ': [], '-': ['red'], '+': ['green'] }

/** The furthest positions in `a` on each diagonal, for each number of changes; undefined if there are too many changes. */
function search(a: readonly string[], b: readonly string[]): readonly ReadonlyMap<number, number>[] | undefined {
  const trace: Map<number, number>[] = []
  for (let changes = 0; changes <= MAX_CHANGES; changes += 1) {
    const before = trace.at(-1) ?? new Map([[1, 0]])
    const furthest = new Map<number, number>()
    trace.push(furthest)
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const [below = -1, above = -1] = [before.get(diagonal - 1), before.get(diagonal + 1)]
      let x = Math.max(below + 1, above)
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1
      furthest.set(diagonal, x)
      if (x >= a.length && x - diagonal >= b.length) return trace
    }
  }
  return undefined
}

/**
 * Returns the shortest difference of two lists of lines.
 *
 * @see {@link http://www.xmailserver.org/diff2.pdf | Myers: An O(ND) difference algorithm}
 */
function stepsOf(a: readonly string[], b: readonly string[]): readonly Step[] {
  const trace = search(a, b)
  if (trace === undefined) {
    return [...a.map((text): Step => ({ sign: '-', text })), ...b.map((text): Step => ({ sign: '+', text }))]
  }
  const steps: Step[] = []
  let [x, y] = [a.length, b.length]
  const keepDownTo = (least: number): void => {
    for (; x > least; x -= 1, y -= 1) steps.push({ sign: ' ', text: a[x - 1] ?? '' })
  }
  for (let changes = trace.length - 1; changes > 0; changes -= 1) {
    const before = trace[changes - 1]
    const diagonal = x - y
    const [below = -1, above = -1] = [before?.get(diagonal - 1), before?.get(diagonal + 1)]
    const isRemoved = below + 1 > above
    keepDownTo(isRemoved ? below + 1 : above)
    if (isRemoved) steps.push({ sign: '-', text: a[--x] ?? '' })
    else steps.push({ sign: '+', text: b[--y] ?? '' })
  }
  keepDownTo(0)
  return steps.toReversed()
}

/** The lines of a text. A last line without a line break is marked as in unified diffs. */
function linesOf(text: string): readonly string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  return last === '' ? lines : [...lines, `${last} (no line break at the end)`]
}

/** Groups of changed lines with their context, by the index of their first and last step. */
function hunksOf(steps: readonly Step[]): readonly (readonly [start: number, end: number])[] {
  const hunks: [number, number][] = []
  for (const [index, { sign }] of steps.entries()) {
    if (sign === ' ') continue
    const last = hunks.at(-1)
    const [start, end] = [Math.max(0, index - CONTEXT), Math.min(steps.length, index + CONTEXT + 1)]
    if (last !== undefined && start <= last[1]) last[1] = end
    else hunks.push([start, end])
  }
  return hunks
}

function range(start: number, count: number): string {
  return `${count === 0 ? start : start + 1},${count}`
}

/** Renders the difference of two texts as a unified diff. No lines if they are equal. */
export function renderDiff(name: string, before: string, after: string, { paint }: Style): readonly Line[] {
  const steps = stepsOf(linesOf(before), linesOf(after))
  const lines: Line[] = []
  for (const [start, end] of hunksOf(steps)) {
    if (lines.length === 0) lines.push([paint(`--- ${name}`, 'bold')], [paint(`+++ ${name}`, 'bold')])
    const count = (from: number, to: number, sign: '-' | '+'): number =>
      steps.slice(from, to).filter((step) => step.sign === ' ' || step.sign === sign).length
    const removed = range(count(0, start, '-'), count(start, end, '-'))
    const added = range(count(0, start, '+'), count(start, end, '+'))
    lines.push([paint(`@@ -${removed} +${added} @@`, 'dim')])
    lines.push(...steps.slice(start, end).map(({ sign, text }) => [paint(`${sign}${text}`, ...COLOURS[sign])]))
  }
  return lines
}
