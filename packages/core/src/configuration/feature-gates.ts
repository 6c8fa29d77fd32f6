import { didYouMean } from '../document/did-you-mean.ts'
import { parseBoolean } from './parse-boolean.ts'

type FeatureGate = 'ConfiguredInitDirectories' | 'IAMIdentityMappingCRD' | 'RolePathMatch' | 'SSORoleMatch'

/** Each feature gate, and whether it is enabled. */
export type FeatureGates = Readonly<Record<FeatureGate, boolean>>

type Stage = 'alpha' | 'beta'

const STAGES: Readonly<Record<FeatureGate, Stage | null>> = {
  ConfiguredInitDirectories: 'alpha',
  IAMIdentityMappingCRD: 'alpha',
  // In no group, because users set AllAlpha before this gate existed.
  RolePathMatch: null,
  SSORoleMatch: 'alpha',
}

/** Names of all gates of a stage. */
const GROUPS: ReadonlyMap<string, Stage> = new Map([
  ['AllAlpha', 'alpha'],
  ['AllBeta', 'beta'],
])

export const CLOSED_GATES: FeatureGates = {
  ConfiguredInitDirectories: false,
  IAMIdentityMappingCRD: false,
  RolePathMatch: false,
  SSORoleMatch: false,
}

function isGate(name: string): name is FeatureGate {
  return Object.hasOwn(STAGES, name)
}

/**
 * Reads pairs such as `A=true`. A single gate takes precedence over AllAlpha and AllBeta in any order.
 *
 * @throws {TypeError} A gate is unknown, or its value is neither true nor false.
 */
export function parseFeatureGates(pairs: readonly string[]): FeatureGates {
  const gates = { ...CLOSED_GATES }
  const named: [FeatureGate, boolean][] = []
  for (const pair of pairs) {
    const [name = '', value = '', ...rest] = pair.split('=').map((part) => part.trim())
    const isEnabled = parseBoolean(value)
    if (isEnabled === undefined || rest.length > 0)
      throw new TypeError(`feature gate ${name}: write ${name}=true or ${name}=false`)
    const stage = GROUPS.get(name)
    if (stage !== undefined) {
      for (const gate of Object.keys(STAGES).filter(isGate)) if (STAGES[gate] === stage) gates[gate] = isEnabled
    } else if (isGate(name)) named.push([name, isEnabled])
    else
      throw new TypeError(
        `unrecognized feature gate: ${name}${didYouMean(name, [...Object.keys(STAGES), ...GROUPS.keys()])}`,
      )
  }
  for (const [gate, isEnabled] of named) gates[gate] = isEnabled
  return gates
}
