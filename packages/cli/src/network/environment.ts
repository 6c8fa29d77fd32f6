/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The value of the first of these variables that is set. An empty variable counts as unset. */
export function firstSet(environment: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
}
