/** A source of mappings. */
export type BackendMode = 'MountedFile' | 'EKSConfigMap' | 'CRD' | 'DynamicFile'

export const BACKEND_MODES: readonly BackendMode[] = ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile']

/** Deprecated names that manifests still use. */
const OLDER_NAMES: ReadonlyMap<string, BackendMode> = new Map([
  ['File', 'MountedFile'],
  ['ConfigMap', 'EKSConfigMap'],
])

/** The name that replaces a deprecated one; undefined if the name is not deprecated. */
export function newerName(name: string): BackendMode | undefined {
  return OLDER_NAMES.get(name)
}

/** The enabled backends, in order of precedence. */
export interface BackendModes {
  readonly modes: readonly BackendMode[]
  readonly warnings: readonly string[]
}

/**
 * Reads a list of backends.
 *
 * @throws {TypeError} The list is empty, or has an unknown name or the same name twice.
 */
export function parseBackendModes(names: readonly string[]): BackendModes {
  const known = BACKEND_MODES.join(', ')
  if (names.length === 0) throw new TypeError(`no backend: name at least one of ${known}`)
  const modes = new Set<BackendMode>()
  const warnings: string[] = []
  for (const [index, name] of names.entries()) {
    const newer = newerName(name)
    const mode = newer ?? BACKEND_MODES.find((candidate) => candidate === name)
    if (mode === undefined) throw new TypeError(`"${name}" is no backend: write one of ${known}`)
    if (names.indexOf(name) < index) throw new TypeError(`backend ${name} is named twice`)
    if (newer !== undefined) warnings.push(`backend mode ${name} is an older name: write ${newer}`)
    // Its older and its newer name: a second one would find what the first one found.
    if (modes.has(mode))
      warnings.push(`backend ${mode} is named by both of its names, and is asked once: remove ${name}`)
    modes.add(mode)
  }
  return { modes: [...modes], warnings }
}
