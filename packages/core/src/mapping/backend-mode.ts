/** What all packages need to know about a backend. */
interface BackendFacts {
  /** Its name in configuration files, flags, logs and metrics. */
  readonly mode: string
  /** A deprecated name that manifests still use. */
  readonly olderName?: string
  /** The key of `server` with the path of its file. The server does not start with only one of the two: the backend, or its path. */
  readonly path?: { readonly key: string; readonly description: string }
  /** The form in which people add a mapping: with `add`, as an entry of a file in YAML or JSON, or as an object. */
  readonly form: 'command' | 'yaml' | 'json' | 'object'
  /** Other keys of `server` that have no effect without it. Several backends may read a key. */
  readonly keys: readonly string[]
}

/** The list of backends, in the order in which `explain` asks them if no order is configured. */
const TABLE = [
  { mode: 'MountedFile', olderName: 'File', form: 'yaml', keys: ['mapRoles', 'mapUsers', 'mapAccounts'] },
  { mode: 'EKSConfigMap', olderName: 'ConfigMap', form: 'command', keys: ['kubeconfig', 'master'] },
  { mode: 'CRD', form: 'object', keys: ['kubeconfig', 'master'] },
  {
    mode: 'DynamicFile',
    form: 'json',
    path: { key: 'dynamicfilepath', description: 'The JSON file of the backend DynamicFile' },
    keys: ['dynamicfileUserIDStrict'],
  },
] as const

/** A source of mappings. */
export type BackendMode = (typeof TABLE)[number]['mode']

interface KnownBackend extends BackendFacts {
  readonly mode: BackendMode
}

export const BACKENDS: readonly KnownBackend[] = TABLE

export const BACKEND_MODES: readonly BackendMode[] = TABLE.map(({ mode }) => mode)

/** Returns the backend of a name, current or deprecated. */
function findBackend(name: string): KnownBackend | undefined {
  return BACKENDS.find(({ mode, olderName }) => name === mode || name === olderName)
}

/** Returns the name that replaces a deprecated one; undefined if the name is not deprecated. */
export function newerName(name: string): BackendMode | undefined {
  return BACKENDS.find(({ olderName }) => name === olderName)?.mode
}

/** Returns the backends that read a key of `server`. */
export function backendsWithKey(key: string): readonly BackendMode[] {
  return BACKENDS.filter(({ keys }) => keys.includes(key)).map(({ mode }) => mode)
}

/** A backend without its file, or a path that no enabled backend reads. */
interface PathMismatch {
  readonly mode: BackendMode
  readonly key: string
  readonly isMissing: boolean
}

/** Finds the mismatches of backends and paths with which the server does not start. */
export function findPathMismatches(
  modes: readonly BackendMode[],
  hasPath: (mode: BackendMode) => boolean,
): readonly PathMismatch[] {
  return BACKENDS.flatMap(({ mode, path }) => {
    if (path === undefined || modes.includes(mode) === hasPath(mode)) return []
    return [{ mode, key: `server.${path.key}`, isMissing: modes.includes(mode) }]
  })
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
    const mode = findBackend(name)?.mode
    if (mode === undefined) throw new TypeError(`"${name}" is not a backend: write one of ${known}`)
    if (names.indexOf(name) < index) throw new TypeError(`backend ${name} is named twice`)
    if (mode !== name) warnings.push(`backend mode ${name} is an older name: write ${mode}`)
    // Its older and its newer name: a second one would find what the first one found.
    if (modes.has(mode))
      warnings.push(`backend ${mode} is named by both of its names, and is asked once: remove ${name}`)
    modes.add(mode)
  }
  return { modes: [...modes], warnings }
}
