import { property, textAt } from '@aws-iam-authenticator/core/untrusted'

/** A threshold of a panel: the colour from this value on. */
export interface Step {
  readonly from: number
  readonly color: string
}

/** The parts of a Grafana panel that are drawn. */
export interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly unit: string
  readonly decimals: number | undefined
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly steps: readonly Step[]
  readonly targets: readonly { readonly refId: string; readonly expression: string; readonly legend: string }[]
}

/** The elements of a list; none for other values. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? Array.from<unknown>(value) : []
}

/** The panels of a dashboard. */
export function panelsOf(dashboard: unknown): readonly Panel[] {
  return list(property(dashboard, 'panels')).map((panel) => {
    const defaults = property(property(panel, 'fieldConfig'), 'defaults')
    const place = (key: string): number => Number(property(property(panel, 'gridPos'), key))
    return {
      id: Number(property(panel, 'id')),
      title: textAt(panel, 'title') ?? '',
      type: textAt(panel, 'type') ?? '',
      unit: textAt(defaults, 'unit') ?? '',
      decimals: property(defaults, 'decimals') === undefined ? undefined : Number(property(defaults, 'decimals')),
      place: { x: place('x'), y: place('y'), w: place('w'), h: place('h') },
      steps: list(property(property(defaults, 'thresholds'), 'steps')).map((step) => ({
        from: Number(property(step, 'value') ?? -Infinity),
        color: textAt(step, 'color') ?? '',
      })),
      targets: list(property(panel, 'targets')).map((target) => ({
        refId: textAt(target, 'refId') ?? '',
        expression: textAt(target, 'expr') ?? '',
        legend: textAt(target, 'legendFormat') ?? '',
      })),
    }
  })
}
