import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { minimalEnvironment, temporaryFolder, type Environment } from '../e2e/harness/command.ts'
import { freePort } from '../e2e/harness/server.ts'
import { startListening, startProgram, type Scope } from './children.ts'
import { buildProgram, IMAGE_ENVIRONMENT, PRODUCT, type CommandLine } from './commands.ts'
import type { Figure } from './results.ts'
import { wrkScript } from './tokens.ts'

const SECTION = 'webhook'
const SLOW_MS = 20
/** Calls at once to one STS host. */
const AT_ONCE = 128
/** The speed of a shared machine varies within seconds: the shorter the turns, the more of it affects both. */
const TURN_SECONDS = 2
/** The factor by which the measurement of the ratio with STS at 20 ms takes longer, because it is close. */
const LONGER = 4

/** A running webhook of the bench. */
export interface Webhook {
  readonly pid: number
  readonly port: number
  readonly certificate: string
  /** The log so far. */
  logged(): string
  stop(): Promise<void>
}

const EVERYBODY = '  mapAccounts: ["111122223333"]\n'

/** Starts the command's server. @param configuration The keys below `server:`. Without it everyone may log in. */
export async function startWebhook(
  scope: Scope,
  command: CommandLine,
  environment: Environment,
  configuration: string = EVERYBODY,
): Promise<Webhook> {
  const folder = temporaryFolder(scope)
  initialize(folder)
  const port = await freePort()
  const config = join(folder, 'config.yaml')
  writeFileSync(config, `clusterID: bench\nserver:\n${configuration}`)
  const paths = [`--state-dir=${folder}`, `--generate-kubeconfig=${folder}/kubeconfig.yaml`, `--port=${port}`]
  const { child, stop, logged } = await startListening(scope, [...command, 'server', `--config=${config}`, ...paths], {
    ...minimalEnvironment(folder),
    ...IMAGE_ENVIRONMENT,
    AWS_REGION: 'us-east-1',
    ...environment,
  })
  return { pid: child.pid ?? 0, port, certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'), stop, logged }
}

/** As on a node: the TLS pair exists before a server starts. */
function initialize(folder: string): void {
  const [executable = ['']] = PRODUCT.values()
  const made = spawnSync(executable[0] ?? '', ['init', '-i', 'bench'], { cwd: folder, env: minimalEnvironment(folder) })
  if (made.status !== 0) throw new Error(`init failed: ${made.stderr.toString()}`)
}

/** Starts a webhook with the same libraries on the same runtime that decides nothing. */
export async function startEcho(scope: Scope, command: CommandLine, environment: Environment): Promise<Webhook> {
  const folder = temporaryFolder(scope)
  initialize(folder)
  const port = await freePort()
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const { child, stop, logged } = await startListening(scope, command, {
    ...minimalEnvironment(folder),
    ...IMAGE_ENVIRONMENT,
    ECHO_CERTIFICATE: certificate,
    ECHO_KEY: key,
    ECHO_PORT: String(port),
    ...environment,
  })
  return { pid: child.pid ?? 0, port, certificate: readFileSync(certificate, 'utf8'), stop, logged }
}

/** Answers of status 200 per second by wrk. */
export function wrk({ port }: Webhook, script: string, connections: number, seconds: number): number {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, `https://127.0.0.1:${port}`]
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' })
  const [answers, took] = [
    /(\d+) requests in ([\d.]+)(m?s)/.exec(stdout),
    /Non-2xx or 3xx responses: (\d+)/.exec(stdout),
  ]
  const others = Number(took?.[1] ?? 0)
  if (others > 0) console.error(`wrk: ${others} answers other than 200 are left out`)
  return ((Number(answers?.[1]) - others) / Number(answers?.[2])) * (answers?.[3] === 'ms' ? 1000 : 1)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Our webhook, and one that decides nothing, started at the same time. */
export interface Pair {
  readonly ours: Webhook
  readonly theirs: Webhook
}

/** The logins per second, beside a webhook of the same runtime that decides nothing. */
export async function measureWebhook(scope: Scope, seconds: number): Promise<Figure[]> {
  if (spawnSync('wrk', ['--version']).error !== undefined)
    throw new Error('wrk is missing: install it, or leave this out')
  const folder = temporaryFolder(scope)
  const [different, same] = [join(folder, 'different.lua'), join(folder, 'same.lua')]
  const echo = await buildProgram('echo', folder)
  const quick = await startProgram(scope, 'upstream', ['0'])
  const slow = await startProgram(scope, 'upstream', [String(SLOW_MS)])
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const pair = async (environment: Environment, calls: boolean): Promise<Pair> => ({
      ours: await startWebhook(scope, command, environment),
      theirs: await startEcho(scope, echo.get(runtime) ?? command, {
        ...environment,
        ...(calls ? { ECHO_UPSTREAM: 'https://sts.us-east-1.amazonaws.com' } : {}),
      }),
    })
    const rates = async (
      [name, otherName]: readonly [string, string],
      { ours, theirs }: Pair,
      script: string,
      connections: number,
      forSeconds = seconds,
    ): Promise<{ value: number; ratio: number }> => {
      // A token lasts 15 minutes.
      writeFileSync(different, wrkScript(true))
      writeFileSync(same, wrkScript(false))
      const answered = { ours: [] as number[], theirs: [] as number[] }
      for (const webhook of [ours, theirs]) wrk(webhook, script, connections, 2)
      for (let turn = 0; turn < forSeconds / TURN_SECONDS; turn += 1) {
        // New tokens, so that remembered outcomes have no effect.
        writeFileSync(different, wrkScript(true))
        answered.ours.push(wrk(ours, script, connections, TURN_SECONDS))
        answered.theirs.push(wrk(theirs, script, connections, TURN_SECONDS))
      }
      await Promise.all([ours.stop(), theirs.stop()])
      const [value, other] = [mean(answered.ours), mean(answered.theirs)]
      const how = `wrk, ${forSeconds} s after 2 s, in turns of ${TURN_SECONDS} s with the other; on the same cores as the server and STS`
      const row = { section: SECTION, runtime, unit: '/s', how } as const
      figures.push({ ...row, name, value }, { ...row, name: otherName, value: other })
      return { value, ratio: value / other }
    }
    const ratio = (name: string, value: number, least?: number, divided = 'divided'): void => {
      const target = least === undefined ? {} : { target: { least } }
      figures.push({ section: SECTION, name, runtime, value, unit: 'ratio', how: divided, ...target })
    }
    const at0 = await rates(
      ['different tokens, STS 0 ms, 50 connections', 'echo after one call, 0 ms, 50 connections'],
      await pair(quick.environment, true),
      different,
      50,
    )
    const remembered = await rates(
      ['one token, 50 connections', 'echo, 50 connections'],
      await pair(quick.environment, false),
      same,
      50,
    )
    const at20 = await rates(
      ['different tokens, STS 20 ms, 200 connections', 'echo after one call, 20 ms, 200 connections'],
      await pair(slow.environment, true),
      different,
      200,
    )
    const busy = await rates(
      ['different tokens, STS 20 ms, 200 connections, again', 'different tokens, STS 0 ms, 200 connections'],
      {
        ours: await startWebhook(scope, command, slow.environment),
        theirs: await startWebhook(scope, command, quick.environment),
      },
      different,
      200,
      seconds * LONGER,
    )
    const pool = (AT_ONCE * 1000) / SLOW_MS
    ratio('different tokens / echo after one call, 0 ms', at0.ratio, 0.5)
    ratio('one token / echo', remembered.ratio, 0.6)
    ratio('different tokens / echo after one call, 20 ms', at20.ratio)
    ratio(
      'different tokens, 20 ms / what it can be',
      busy.value / Math.min(pool, busy.value / busy.ratio),
      0.9,
      `${AT_ONCE} calls at once of ${SLOW_MS} ms are ${pool}/s; where less fills the processor, that: at 0 ms, as many connections, in turn`,
    )
  }
  return figures
}
