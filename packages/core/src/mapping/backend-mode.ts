/** A source of mappings. */
export type BackendMode = 'MountedFile' | 'EKSConfigMap' | 'CRD' | 'DynamicFile'

export const BACKEND_MODES: readonly BackendMode[] = ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile']

/** Deprecated names that manifests still use. */
const OLDER_NAMES: ReadonlyMap<string, BackendMode> = new Map([
  ['File', 'MountedFile'],
  ['ConfigMap', 'EKSConfigMap'],
])

/** The enabled backends, in order of precedence. */
export interface BackendModes {
  readonly modes: readonly BackendMode[]
  readonly warnings: readonly string[]
}

/**
 * Reads a list of backends.
 *
 * @throws {TypeError} The list is empty, or has an unknown name or one name twice.
 */
export function parseBackendModes(names: readonly string[]): BackendModes {
  const known = BACKEND_MODES.join(', ')
  if (names.length === 0) throw new TypeError(`no backend: name at least one of ${known}`)
  const modes: BackendMode[] = []
  const warnings: string[] = []
  for (const name of names) {
    const newer = OLDER_NAMES.get(name)
    const mode = newer ?? BACKEND_MODES.find((candidate) => candidate === name)
    if (mode === undefined) throw new TypeError(`"${name}" is not a backend: write one of ${known}`)
    if (modes.includes(mode)) throw new TypeError(`backend ${mode} is named twice`)
    if (newer !== undefined) warnings.push(`backend mode ${name} is an older name: write ${newer}`)
    modes.push(mode)
  }
  return { modes, warnings }
}
