import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DIST = join(dirname(fileURLToPath(import.meta.url)), '../../../dist')

/** The built command: the executable, or its bundle on Node.js with COMMAND_RUNTIME=node. */
export const COMMAND: readonly [string, ...string[]] =
  process.env['COMMAND_RUNTIME'] === 'node'
    ? [process.execPath, join(DIST, 'aws-iam-authenticator.cjs')]
    : [join(DIST, 'aws-iam-authenticator')]

export type Environment = Readonly<Record<string, string>>

/** The environment that a process of the command needs, without access to an AWS account. */
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
  /** A program and its arguments that replace this process by the command. */
  readonly wrapper?: readonly [string, ...string[]]
  /** The command. Default: {@link COMMAND}. */
  readonly command?: readonly [string, ...string[]]
}

/** Creates a folder that is removed at the end of the test. */
export function temporaryFolder(t: { teardown(action: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'authenticator-'))
  // An exiting process may still write, for example the history of a shell.
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
    // A separate session has no terminal: no test may prompt on the developer's terminal.
    detached: true,
  })
}

/** Collects the output of a process until it ends. */
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
