import { spawnSync } from 'node:child_process'

export interface Timed {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** The middle one of these numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function wallMilliseconds({ name, program, args, environment }: Timed): number {
  const startedAt = performance.now()
  const { status, stderr } = spawnSync(program, args, { env: environment, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  return performance.now() - startedAt
}

/**
 * Wall times of whole processes in milliseconds, medians of `runs` after one run that doesn't count. The commands take turns,
 * so that a machine that becomes slower becomes so for all of them.
 */
export function timeProcesses(commands: readonly Timed[], runs: number): ReadonlyMap<string, number> {
  const times = new Map<string, number[]>(commands.map(({ name }) => [name, []]))
  for (const command of commands) wallMilliseconds(command)
  for (let run = 0; run < runs; run += 1) {
    for (const command of commands) times.get(command.name)?.push(wallMilliseconds(command))
  }
  return new Map([...times].map(([name, measured]) => [name, median(measured)]))
}
