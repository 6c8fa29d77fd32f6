import { didYouMean } from '../document/did-you-mean.ts'

type FeatureGate = 'ConfiguredInitDirectories' | 'IAMIdentityMappingCRD' | 'RolePathMatch' | 'SSORoleMatch'

/** Which gates are open. */
export type FeatureGates = Readonly<Record<FeatureGate, boolean>>

type Stage = 'alpha' | 'beta'

const STAGES: Readonly<Record<FeatureGate, Stage | null>> = {
  ConfiguredInitDirectories: 'alpha',
  IAMIdentityMappingCRD: 'alpha',
  // Whoever opened all gates before there was this one did not ask for it.
  RolePathMatch: null,
  SSORoleMatch: 'alpha',
}

/** Names that stand for all gates of a stage. */
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
 * Reads `A=true,B=false`. A gate named on its own wins over AllAlpha and AllBeta, wherever it stands.
 *
 * @throws {TypeError} A gate is unknown, or its value is neither true nor false.
 */
export function parseFeatureGates(pairs: readonly string[]): FeatureGates {
  const gates = { ...CLOSED_GATES }
  const named: [FeatureGate, boolean][] = []
  for (const pair of pairs) {
    const [name = '', value = '', ...rest] = pair.split('=').map((part) => part.trim())
    if (!/^(true|false)$/i.test(value) || rest.length > 0)
      throw new TypeError(`feature gate ${name}: write ${name}=true or ${name}=false`)
    const open = value.toLowerCase() === 'true'
    const stage = GROUPS.get(name)
    if (stage !== undefined) {
      for (const gate of Object.keys(STAGES).filter(isGate)) if (STAGES[gate] === stage) gates[gate] = open
    } else if (isGate(name)) named.push([name, open])
    else
      throw new TypeError(
        `unrecognized feature gate: ${name}${didYouMean(name, [...Object.keys(STAGES), ...GROUPS.keys()])}`,
      )
  }
  for (const [gate, open] of named) gates[gate] = open
  return gates
}
