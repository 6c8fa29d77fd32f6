import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { temporaryFolder } from './command.ts'
import { eventually } from './eventually.ts'
import { logIn, roleArn, roleToken } from './logins.ts'
import { metricsOf, type Metrics } from './webhook.ts'
import { logSettled, startTestServer, type LogLine, type TestServer } from './server.ts'

/** The limit for a file change to take effect, in milliseconds. */
export const LIVE_MS = 1000

export interface DynamicOptions {
  /** The `server` part of config.yaml, from the files that it may name. */
  readonly server: (files: DynamicFiles) => string
  readonly args?: readonly string[]
  /** Runs before the server starts. */
  readonly before?: (files: DynamicFiles) => unknown
}

/** Files that a server may follow. None exists at the start. */
export interface DynamicFiles {
  readonly folder: string
  /** For `server.dynamicfilepath`. */
  readonly map: string
  /** For `server.dynamicBackendModePath`. */
  readonly mode: string
}

/** A server that follows files. */
export interface DynamicServer extends DynamicFiles {
  readonly aws: SandboxAws
  readonly server: TestServer
  /** Asserts the outcome for a session of this role within a second. */
  readonly becomes: (role: string, expected: string, what: string) => Promise<void>
  /** Runs an action, and returns the log lines of a level that it caused, after this number (default one). */
  readonly complaints: (level: string, action: () => unknown, count?: number) => Promise<readonly LogLine[]>
  readonly metrics: () => Promise<Metrics>
}

export async function startDynamicServer(t: Test, options: DynamicOptions): Promise<DynamicServer> {
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const folder = join(temporaryFolder(t), 'dynamic')
  mkdirSync(folder)
  const files = { folder, map: join(folder, 'map.json'), mode: join(folder, 'mode.json') }
  await options.before?.(files)
  const server = await startTestServer(t, {
    aws,
    configuration: `clusterID: k8s.local\nserver:\n${options.server(files)}`,
    args: options.args ?? ['--backend-mode=DynamicFile'],
  })
  const tokens = new Map<string, string>()
  return {
    ...files,
    aws,
    server,
    becomes: (role, expected, what) => {
      const token = tokens.get(role) ?? roleToken(aws, role)
      tokens.set(role, token)
      return eventually(t, what, expected, LIVE_MS, () => logIn(server, token))
    },
    complaints: async (level, action, count = 1) => {
      await logSettled()
      const { length } = server.log()
      await action()
      const lines = (): readonly LogLine[] =>
        server
          .log()
          .slice(length)
          .filter((line) => line['level'] === level)
      await eventually(t, `${count} lines of level ${level}`, true, LIVE_MS, () => lines().length >= count)
      return lines()
    },
    metrics: () => metricsOf(server),
  }
}

/** The content of a dynamic file that maps roles to usernames. */
export function mapOf(
  usernames: Readonly<Record<string, string>>,
  rest: Readonly<Record<string, unknown>> = {},
): string {
  const mapRoles = Object.entries(usernames).map(([role, username]) => ({ rolearn: roleArn(role), username }))
  return JSON.stringify({ ...rest, mapRoles }, null, 2)
}

/** The content of a backend mode file. */
export function modeOf(backendMode: string, rest: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ...rest, backendMode })
}

/** Replaces a file atomically. */
export function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.aside`, content)
  renameSync(`${path}.aside`, path)
}
