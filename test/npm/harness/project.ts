import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export const ROOT: string = join(import.meta.dirname, '..', '..', '..')

/** What users of the library install beside it. */
const INSTALLED: readonly string[] = [
  `node-linux-${process.arch}@22.23.3`,
  '@types/node@22.20.7',
  '@types/ws@8.18.2',
  '@kubernetes/client-node@2.0.1',
  'fastify@5.12.8',
]

/** The output of a program. */
export interface Output {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program without blocking the servers of this process. */
export async function run(
  command: readonly [string, ...string[]],
  cwd: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Output> {
  // tap adds a loader to each child process, which the compiler and npm don't work with.
  const child = spawn('env', ['--unset=NODE_OPTIONS', ...command], {
    cwd,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** Runs a program that must succeed, and returns what it prints. */
export async function runWell(
  command: readonly [string, ...string[]],
  cwd: string,
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { code, stdout, stderr } = await run(command, cwd, environment)
  if (code !== 0) throw new Error(`${command.join(' ')} exits with ${code}:\n${stdout}${stderr}`)
  return stdout
}

/** Returns the path of a program that the workspace installs. */
export function workspaceProgram(name: string): string {
  return join(ROOT, 'node_modules', '.bin', name)
}

/** Packs all packages, as publishing does. Returns the paths of the files, by the name of the package's folder. */
export async function packAll(folder: string): Promise<ReadonlyMap<string, string>> {
  mkdirSync(folder)
  const pack = ['-r', '--filter', './packages/*', 'pack', '--pack-destination', folder]
  await runWell(['npx', '-y', 'pnpm@12', ...pack], ROOT)
  return new Map(
    readdirSync(folder).map((file) => [/^aws-iam-authenticator-(\w+)-/.exec(file)?.[1] ?? file, join(folder, file)]),
  )
}

/** Installs the packed files with npm into an empty project of ES modules. */
export async function createProject(folder: string, packed: ReadonlyMap<string, string>): Promise<void> {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts']
  await runWell(['npm', 'install', ...quietly, ...packed.values(), ...INSTALLED], folder)
}
