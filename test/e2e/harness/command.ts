import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DIST = join(dirname(fileURLToPath(import.meta.url)), '../../../dist')

/** The built command: the executable, or its bundle on Node.js where COMMAND_RUNTIME=node says so. */
export const COMMAND: readonly [string, ...string[]] =
  process.env['COMMAND_RUNTIME'] === 'node'
    ? [process.execPath, join(DIST, 'aws-iam-authenticator.cjs')]
    : [join(DIST, 'aws-iam-authenticator')]

export type Environment = Readonly<Record<string, string>>

/** What a process of the command needs of this machine, and nothing that would lead it to an AWS account. */
export function minimalEnvironment(home: string): Environment {
  return { PATH: process.env['PATH'] ?? '', HOME: home, AWS_EC2_METADATA_DISABLED: 'true' }
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly environment?: Environment
  readonly cwd?: string
  readonly input?: string
  /** A program and its arguments that run the command in the place of this process. */
  readonly wrapper?: readonly [string, ...string[]]
  /** The command. Default: {@link COMMAND}. */
  readonly command?: readonly [string, ...string[]]
}

/** Makes a folder that the test removes when it ends. */
export function temporaryFolder(t: { teardown(action: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'authenticator-'))
  // A process that is on its way out may still write: a shell its history, for one.
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  return folder
}

/** Starts a process of the built command. */
export function spawnCommand(
  args: readonly string[],
  { environment = {}, cwd, wrapper, command = COMMAND }: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const [program, ...before]: readonly [string, ...string[]] =
    wrapper === undefined ? command : [...wrapper, ...command]
  return spawn(program, [...before, ...args], {
    env: environment,
    ...(cwd === undefined ? {} : { cwd }),
    stdio: 'pipe',
    // In a session of its own it has no terminal: no test may ask for anything on that of whoever runs it.
    detached: true,
  })
}

/** Collects what a process writes until it has ended. */
export async function finish(child: ChildProcessWithoutNullStreams, input = ''): Promise<Finished> {
  const written: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => written[0].push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => written[1].push(text))
  child.stdin.on('error', () => undefined).end(input)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...how) => resolve(how))
  })
  return { code, signal, stdout: written[0].join(''), stderr: written[1].join('') }
}

/** Runs the built command to its end. */
export function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return finish(spawnCommand(args, options), options.input)
}
