import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export type RunOptions = {
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>
  cwd: string
  /** Default empty. */
  input?: string
}

/** The exit code is null if a signal ended the program. */
export type RunResult = { code: number | null; stdout: string; stderr: string }

/**
 * Runs a program to its end, whatever its exit code.
 *
 * @throws Error if it cannot be started.
 */
export async function runBinary(path: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { env, cwd, input = '' } = options
  const child = spawn(path, args, { env, cwd, stdio: 'pipe' })
  const ended = Promise.withResolvers<number | null>()
  child.on('error', ended.reject)
  child.on('close', ended.resolve)
  // A program that reads no input may exit before the input is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code, stdout, stderr] = await Promise.all([ended.promise, text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}
