import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../e2e/harness/command.ts'

/** Resources that are closed at the end of the bench, the last one first. */
export interface Scope {
  teardown(action: () => unknown): void
}

function texts(value: unknown): Environment {
  if (typeof value !== 'object' || value === null) throw new TypeError('a program said nothing of itself')
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
}

/** A running helper program. */
export interface Program {
  /** The address for other programs. */
  readonly environment: Environment
  /** Sends a message and returns the answer. */
  ask(message: Readonly<Record<string, unknown>>): Promise<Environment>
  stop(): void
}

/** Starts a helper program. */
export async function startProgram(
  scope: Scope,
  name: string,
  args: readonly string[] = [],
  environment: Environment = {},
): Promise<Program> {
  const child = fork(fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url)), args, {
    execArgv: ['--no-warnings', '--conditions=aws-iam-authenticator-source'],
    env: { ...process.env, ...environment },
  })
  const stop = (): void => void (child.connected && child.disconnect())
  scope.teardown(stop)
  const answer = async (): Promise<Environment> => {
    const message = await new Promise<unknown>((resolve, reject) => {
      const ended = (): void => reject(new Error(`${name} ended`))
      child.once('exit', ended).once('message', (said) => {
        child.off('exit', ended)
        resolve(said)
      })
    })
    return texts(message)
  }
  const reached = await answer()
  return {
    environment: reached,
    ask: (message) => {
      const answered = answer()
      child.send(message)
      return answered
    },
    stop,
  }
}

/** Starts a server with its log in a file, and waits until it listens. */
export async function startListening(
  scope: Scope,
  [program, ...args]: readonly [string, ...string[]],
  environment: Environment,
): Promise<{ child: ChildProcess; stop: () => Promise<void>; milliseconds: number; logged: () => string }> {
  // A file, because a pipe must be drained, and this process waits while wrk runs.
  const log = join(mkdtempSync(join(tmpdir(), 'bench-log-')), 'log')
  const descriptor = openSync(log, 'w')
  const startedAt = performance.now()
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', descriptor] })
  closeSync(descriptor)
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(dirname(log), { recursive: true, force: true })
  }
  scope.teardown(stop)
  const logged = (): string => readFileSync(log, 'utf8')
  while (!logged().includes('listening')) {
    if (child.exitCode !== null) throw new Error(`it ended: ${logged()}`)
    await setTimeout(1)
  }
  return { child, stop, milliseconds: performance.now() - startedAt, logged }
}
