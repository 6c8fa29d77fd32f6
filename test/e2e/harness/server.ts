import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Agent, type Dispatcher } from 'undici'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import {
  finish,
  minimalEnvironment,
  spawnCommand,
  temporaryFolder,
  type Environment,
  type Finished,
} from './command.ts'

/** A log line of the server in JSON. */
export type LogLine = Readonly<Record<string, unknown>>

export interface ServerOptions {
  readonly aws: SandboxAws
  /** config.yaml, without `server.port` and `server.stateDir`. */
  readonly configuration?: string
  readonly args?: readonly string[]
  /** The whole command line, for tests of it; otherwise it is made from the other options. */
  readonly commandLine?: readonly string[]
  readonly environment?: Environment
  /** The state folder of a test; otherwise a new one. */
  readonly folder?: string
  /** The working folder of the process. */
  readonly cwd?: string
  /** Default: a free one. */
  readonly port?: number
  /** See RunOptions. */
  readonly wrapper?: readonly [string, ...string[]]
  /** See RunOptions. */
  readonly command?: readonly [string, ...string[]]
}

/** The answer of the webhook. */
export interface WebhookAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** The parsed text, if it is JSON. */
  readonly json: unknown
}

/** A running process of the built command's server. */
export interface TestServer {
  readonly pid: number
  readonly port: number
  readonly folder: string
  readonly kubeconfig: string
  readonly certificate: string
  /** The stderr of the server so far. */
  output(): string
  log(): readonly LogLine[]
  /** Waits until a log line satisfies the condition, including earlier lines. */
  waitForLog(condition: (line: LogLine) => boolean): Promise<LogLine>
  /** Sends a TokenReview with this token. */
  review(token: string, apiVersion?: string, spec?: Readonly<Record<string, unknown>>): Promise<WebhookAnswer>
  /** Sends any request. */
  request(options: {
    path: string
    method?: string
    body?: string | Buffer
    headers?: Record<string, string>
  }): Promise<WebhookAnswer>
  /** Stops the process and returns its outcome. */
  stop(signal?: NodeJS.Signals): Promise<Finished>
}

/** The log is written a moment after the answer. When this resolves, it has the lines of all answers so far. */
export async function logSettled(): Promise<void> {
  await setTimeout(50)
}

/** A port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return address.port
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function logLines(output: string): LogLine[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  return lines.map(parseJson).filter((line): line is LogLine => typeof line === 'object' && line !== null)
}

async function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<WebhookAnswer> {
  const text = await body.text()
  return { status: statusCode, headers, text, json: parseJson(text) }
}

/** Starts the server with a new state folder, and waits until it listens. */
export async function startTestServer(
  t: { teardown(action: () => unknown): void },
  options: ServerOptions,
): Promise<TestServer> {
  const { aws, configuration = 'clusterID: k8s.local\n', args = [], environment = {} } = options
  const folder = options.folder ?? temporaryFolder(t)
  const port = options.port ?? (await freePort())
  const config = join(folder, 'config.yaml')
  writeFileSync(config, configuration)
  const kubeconfig = join(folder, 'kubeconfig.yaml')
  const flags = options.commandLine ?? [
    'server',
    `--config=${config}`,
    `--state-dir=${folder}`,
    `--generate-kubeconfig=${kubeconfig}`,
    `--port=${port}`,
    '--log-format=json',
    ...args,
  ]
  const env = { ...minimalEnvironment(folder), ...aws.environment, AWS_REGION: 'us-east-1', ...environment }
  const { cwd, wrapper, command } = options
  const child = spawnCommand(flags, {
    environment: env,
    ...(cwd === undefined ? {} : { cwd }),
    ...(wrapper === undefined ? {} : { wrapper }),
    ...(command === undefined ? {} : { command }),
  })
  let output = ''
  const waiting = new Set<() => void>()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
    for (const check of waiting) check()
  })
  const finished = finish(child)
  let ended = false
  child.once('close', () => {
    ended = true
    for (const check of waiting) check()
  })
  const waitForLog = (condition: (line: LogLine) => boolean): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const line = logLines(output).find(condition)
        if (line === undefined && !ended) return
        waiting.delete(check)
        if (line === undefined) reject(new Error(`the server ended without the line that was waited for:\n${output}`))
        else resolve(line)
      }
      waiting.add(check)
      check()
    })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> => {
    if (!ended) child.kill(signal)
    return finished
  }
  t.teardown(() => stop('SIGKILL'))
  await waitForLog(({ msg }) => msg === 'listening')

  const certificate = readFileSync(join(folder, 'cert.pem'), 'utf8')
  const agent = new Agent({ connect: { ca: certificate, servername: 'localhost' } })
  t.teardown(() => agent.destroy())
  const request: TestServer['request'] = async ({ path, method = 'GET', body = null, headers = {} }) =>
    answerOf(await agent.request({ origin: `https://127.0.0.1:${port}`, path, method, body, headers }))
  return {
    pid: child.pid ?? 0,
    port,
    folder,
    kubeconfig,
    certificate,
    output: () => output,
    log: () => logLines(output),
    waitForLog,
    review: (token, apiVersion = 'authentication.k8s.io/v1beta1', spec = {}) =>
      request({
        path: '/authenticate',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion, kind: 'TokenReview', spec: { token, ...spec } }),
      }),
    request,
    stop,
  }
}

/** The value of a metric with exactly these labels in Prometheus' text format; undefined if absent. */
export function metric(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .sort()
    .join()
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match?.[1] === name && (match[2] ?? '').split(',').sort().join() === wanted) return Number(match[3])
  }
  return undefined
}
