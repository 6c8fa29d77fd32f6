/** Where a value stands: a file or the data key of a ConfigMap, and the place in it (both counted from 1). */
export interface Location {
  readonly source: string
  readonly line: number
  readonly column: number
}

/** Something wrong with a configuration or a mapping. An error takes the value away, a warning leaves it in force. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly location: Location
  /** Which value, such as `mapRoles[3].groups`; empty for the whole document. */
  readonly path: string
  /** What is wrong and what to write instead. */
  readonly message: string
}

/** A problem as one line: `config.yaml:7:5: server.port: …`. */
export function formatProblem({ location: { source, line, column }, path, message }: Problem): string {
  return `${source}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
}
