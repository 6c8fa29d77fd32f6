import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { minimalEnvironment, temporaryFolder, type Environment } from '../e2e/harness/command.ts'
import { freePort } from '../e2e/harness/server.ts'
import { startListening, startProgram, type Scope } from './children.ts'
import { buildProgram, PRODUCT, type CommandLine } from './commands.ts'
import { openLoad } from './open-load.ts'
import { quantile, type Figure, type Runtime } from './results.ts'
import { createTokens, wrkScript } from './tokens.ts'

const SECTION = 'webhook'
const PER_SECOND = 1000

/** A webhook of the bench that runs. */
export interface Webhook {
  readonly pid: number
  readonly port: number
  readonly certificate: string
  stop(): Promise<void>
}

/** Starts the command's server; everybody of the bench's account may log in. */
export async function startWebhook(scope: Scope, command: CommandLine, environment: Environment): Promise<Webhook> {
  const folder = temporaryFolder(scope)
  const port = await freePort()
  const config = join(folder, 'config.yaml')
  writeFileSync(config, 'clusterID: bench\nserver:\n  mapAccounts: ["111122223333"]\n')
  const paths = [`--state-dir=${folder}`, `--generate-kubeconfig=${folder}/kubeconfig.yaml`, `--port=${port}`]
  const { child, stop } = await startListening(scope, [...command, 'server', `--config=${config}`, ...paths], {
    ...minimalEnvironment(folder),
    AWS_REGION: 'us-east-1',
    ...environment,
  })
  return { pid: child.pid ?? 0, port, certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'), stop }
}

async function startEcho(scope: Scope, command: CommandLine, environment: Environment): Promise<Webhook> {
  const folder = temporaryFolder(scope)
  const [executable = ['']] = PRODUCT.values()
  const made = spawnSync(executable[0] ?? '', ['init', '-i', 'bench'], { cwd: folder, env: minimalEnvironment(folder) })
  if (made.status !== 0) throw new Error(`init failed: ${made.stderr.toString()}`)
  const port = await freePort()
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const { child, stop } = await startListening(scope, command, {
    ...minimalEnvironment(folder),
    ECHO_CERTIFICATE: certificate,
    ECHO_KEY: key,
    ECHO_PORT: String(port),
    ...environment,
  })
  return { pid: child.pid ?? 0, port, certificate: readFileSync(certificate, 'utf8'), stop }
}

/** Answers a second by wrk; answers that are no 200 are an error. */
function wrk({ port }: Webhook, script: string, connections: number, seconds: number): number {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, `https://127.0.0.1:${port}`]
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' })
  if (stdout.includes('Non-2xx')) throw new Error(stdout)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
}

/** How many logins a second, beside a webhook of the same runtime that decides nothing; and how long one login takes. */
export async function measureWebhook(scope: Scope, seconds: number): Promise<Figure[]> {
  if (spawnSync('wrk', ['--version']).error !== undefined)
    throw new Error('wrk is missing: install it, or leave this out')
  const folder = temporaryFolder(scope)
  const [different, same] = [join(folder, 'different.lua'), join(folder, 'same.lua')]
  const echo = await buildProgram('echo', folder)
  const quick = await startProgram(scope, 'upstream', ['0'])
  const slow = await startProgram(scope, 'upstream', ['20'])
  const upstream = { ECHO_UPSTREAM: 'https://sts.us-east-1.amazonaws.com' }
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const echoes = echo.get(runtime) ?? command
    const rate = async (start: Promise<Webhook>, script: string, connections: number): Promise<number> => {
      const webhook = await start
      // A token lasts 15 minutes.
      writeFileSync(different, wrkScript(true))
      writeFileSync(same, wrkScript(false))
      wrk(webhook, script, connections, 2)
      const answered = wrk(webhook, script, connections, seconds)
      await webhook.stop()
      return answered
    }
    const ours = (environment: Environment): Promise<Webhook> => startWebhook(scope, command, environment)
    const theirs = (environment: Environment): Promise<Webhook> => startEcho(scope, echoes, environment)
    const rates = {
      'different tokens, STS 0 ms, 50 connections': await rate(ours(quick.environment), different, 50),
      'echo after one call, 0 ms, 50 connections': await rate(
        theirs({ ...quick.environment, ...upstream }),
        different,
        50,
      ),
      'one token, 50 connections': await rate(ours(quick.environment), same, 50),
      'echo, 50 connections': await rate(theirs({}), same, 50),
      'different tokens, STS 20 ms, 200 connections': await rate(ours(slow.environment), different, 200),
      'echo after one call, 20 ms, 200 connections': await rate(
        theirs({ ...slow.environment, ...upstream }),
        different,
        200,
      ),
    }
    const values = Object.values(rates)
    const how = `wrk, ${seconds} s after 2 s, on the same cores as the server and STS`
    for (const [name, value] of Object.entries(rates)) {
      figures.push({ section: SECTION, name, runtime, value, unit: '/s', how })
    }
    const ratio = (name: string, index: number, least: number): void => {
      const value = (values[index] ?? 0) / (values[index + 1] ?? 0)
      figures.push({ section: SECTION, name, runtime, value, unit: 'ratio', how: 'divided', target: { least } })
    }
    ratio('different tokens / echo after one call, 0 ms', 0, 0.6)
    ratio('one token / echo', 2, 0.8)
    ratio('different tokens / echo after one call, 20 ms', 4, 0.9)
    figures.push(
      ...(await measureLatency(
        runtime,
        { ours: ours(quick.environment), theirs: theirs({ ...quick.environment, ...upstream }) },
        seconds,
      )),
    )
  }
  return figures
}

async function measureLatency(
  runtime: Runtime,
  webhooks: Readonly<Record<'ours' | 'theirs', Promise<Webhook>>>,
  seconds: number,
): Promise<Figure[]> {
  const quantiles: Record<'ours' | 'theirs', [number, number]> = { ours: [0, 0], theirs: [0, 0] }
  const [ours, theirs] = [await webhooks.ours, await webhooks.theirs]
  for (const [who, webhook] of [
    ['theirs', theirs],
    ['ours', ours],
  ] as const) {
    const tokens = createTokens()
    let count = 0
    const nextToken = (): string => tokens((count += 1))
    const load = { ...webhook, perSecond: PER_SECOND, nextToken }
    await openLoad({ ...load, seconds: 3 })
    const { latencies, failures } = await openLoad({ ...load, seconds })
    if (failures > 0) console.error(`${runtime}, ${who}: ${failures} logins failed, which the latencies leave out`)
    quantiles[who] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
    await webhook.stop()
  }
  const how = `${PER_SECOND} different tokens a second for ${seconds} s, from when each was due`
  const row = (name: string, value: number, most?: number): Figure => ({
    section: SECTION,
    name,
    runtime,
    value,
    unit: 'ms',
    how,
    ...(most === undefined ? {} : { target: { most } }),
  })
  const [[median, p99], [echoMedian, echoP99]] = [quantiles.ours, quantiles.theirs]
  return [
    row('login, median', median),
    row('login, p99', p99),
    row('more than the echo after one call, median', median - echoMedian, 1),
    row('more than the echo after one call, p99', p99 - echoP99, 5),
  ]
}
