import { spawnSync } from 'node:child_process'
import type { Environment } from '../e2e/harness/command.ts'
import type { CommandLine } from './commands.ts'
import { quantile } from './results.ts'

export interface Timed {
  readonly name: string
  readonly command: CommandLine
  readonly environment: Environment
  readonly cwd?: string
  /** Called before each run. */
  readonly prepare?: () => void
}

function wallMilliseconds({ name, command: [program, ...args], environment, cwd, prepare }: Timed): number {
  prepare?.()
  const startedAt = performance.now()
  const { status, stderr } = spawnSync(program, args, { env: environment, encoding: 'utf8', cwd })
  const milliseconds = performance.now() - startedAt
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  return milliseconds
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
  return new Map([...times].map(([name, measured]) => [name, quantile(measured, 0.5)]))
}
