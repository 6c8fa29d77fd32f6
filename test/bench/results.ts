/** The sections of the bench. */
export const SECTIONS: readonly string[] = [
  'start',
  'decisions',
  'sts-calls',
  'reload',
  'objects',
  'webhook',
  'latency',
  'jwt',
  'overload',
  'garbage',
  'memory',
  'limits',
]

/** The runtimes that the command runs on. */
export type Runtime = 'executable' | 'Node.js'

/** One figure. */
export interface Figure {
  readonly section: string
  readonly name: string
  /** null if it does not depend on the runtime. */
  readonly runtime: Runtime | null
  readonly value: number
  readonly unit: 'ms' | 'MiB' | 'MiB/min' | '/s' | 'ratio' | 'count'
  /** The method. */
  readonly how: string
  /** The target. */
  readonly target?: { readonly most?: number; readonly least?: number }
}

/** Makes a figure. */
export type Row = (name: string, value: number, more: Pick<Figure, 'unit' | 'how' | 'target'>) => Figure

/** Makes figures of a section. */
export function rowsOf(section: string, runtime: Runtime): Row {
  return (name, value, more) => ({ section, name, runtime, value, ...more })
}

export interface Results {
  /** The kind of the machine, not its name. */
  readonly machine: string
  readonly date: string
  readonly figures: readonly Figure[]
  /** Resident memory under load, as seconds and MiB. */
  readonly memory: readonly { readonly runtime: Runtime; readonly samples: readonly (readonly [number, number])[] }[]
  /** The files that `token` with static credentials opens or looks for. */
  readonly files: readonly string[]
}

/** The value at this share of sorted numbers: 0.5 is the median. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function meets({ value, target }: Figure): boolean | null {
  if (target === undefined) return null
  return value <= (target.most ?? Infinity) && value >= (target.least ?? -Infinity)
}

export function shown({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const digits = unit === 'ratio' ? 2 : unit === 'count' || unit === '/s' ? 0 : value < 10 ? 2 : 1
  return `${value.toFixed(digits)}${unit === 'ratio' || unit === 'count' ? '' : unit === '/s' ? '/s' : ` ${unit}`}`
}

export function shownTarget({ unit, target }: Figure): string {
  if (target === undefined) return ''
  const { most, least } = target
  return most === undefined ? `≥ ${shown({ value: least ?? 0, unit })}` : `≤ ${shown({ value: most, unit })}`
}
