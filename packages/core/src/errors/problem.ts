/** The place of a value in a file, or in a data key of a ConfigMap. Lines and columns count from 1. */
export interface Location {
  readonly source: string
  readonly line: number
  readonly column: number
}

/** A problem of a configuration or a mapping. A value with an error is rejected; one with a warning stays active. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly location: Location
  /** The path of the value, such as `mapRoles[3].groups`; empty for the whole document. */
  readonly path: string
  /** The fault and its fix. */
  readonly message: string
  /** True for a warning about what can only be a mistake: `lint` reports it as an error. Default false. */
  readonly isMistake?: boolean
}

/** Formats a problem as one line: `config.yaml:7:5: server.port: …`. */
export function formatProblem({ location: { source, line, column }, path, message }: Problem): string {
  return `${source}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
}
