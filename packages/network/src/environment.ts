/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Finds the first of these variables that is set. An empty variable counts as unset. */
export function firstSet(
  environment: Environment,
  ...names: readonly string[]
): { name: string; value: string } | undefined {
  for (const name of names) {
    const value = environment[name]
    if (value !== undefined && value !== '') return { name, value }
  }
  return undefined
}
