import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from '@aws-iam-authenticator/network/environment'

const TIMEOUT_MS = 10_000
const MAX_OUTPUT = 64 * 1024

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Finds a program as kubectl does: a path as it is, a name in the folders of PATH. */
export function findProgram(command: string, environment: Environment): string | undefined {
  const endings = process.platform === 'win32' ? ['', ...(environment['PATHEXT'] ?? '.EXE').split(';')] : ['']
  const folders = isAbsolute(command) ? [''] : (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const paths = folders.flatMap((folder) =>
    endings.map((ending) => (folder === '' ? command : join(folder, command)) + ending),
  )
  return paths.find(isExecutable)
}

/**
 * Runs a program without input and returns its stdout.
 *
 * @throws {Error} It fails, or takes more than 10 seconds.
 */
export async function outputOf(path: string, args: readonly string[], environment: Environment): Promise<string> {
  const options = { env: environment, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT, windowsHide: true }
  const { stdout } = await promisify(execFile)(path, [...args], options)
  return stdout
}
