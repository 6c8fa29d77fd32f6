import { minimalEnvironment, runCommand, type Finished } from './command.ts'
import type { TestServer } from './server.ts'

/** Runs `status` for the server of a test. */
export function runStatus(server: Pick<TestServer, 'port' | 'folder'>, ...args: readonly string[]): Promise<Finished> {
  const command = ['status', `--port=${server.port}`, `--state-dir=${server.folder}`, ...args]
  return runCommand(command, { environment: minimalEnvironment(server.folder) })
}
