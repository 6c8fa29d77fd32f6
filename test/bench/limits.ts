import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { createAsk, whenReady } from './ask.ts'
import { startProgram, type Program, type Scope } from './children.ts'
import { watch } from './flooded.ts'
import { createMemoryGroup, MEBIBYTE, type MemoryGroup } from './memory-group.ts'
import { createLoadAgent, openLoad } from './open-load.ts'
import { quantile, rowsOf, type Figure } from './results.ts'
import { createTokens, wrkScript } from './tokens.ts'
import { startWebhook, wrk, type Webhook } from './webhook.ts'

const SECTION = 'limits'
const SHORT_BYTES = 16 * 1024 - 200
const LONG_BYTES = MEBIBYTE - 1000
const OBJECTS = 50_000
/** The limits to try with many objects, in MiB. */
const OBJECTS_MIB = [192, 224, 256, 320, 384, 512] as const
const SAMPLE_MS = 250
/** Ten times what 128 calls of 350 ms at once carry. */
const OVERLOAD = { stsMs: 350, perSecond: 3650, connections: 700 } as const

interface Outcome {
  readonly answers: number
  readonly failures: number
  readonly p99: number
}

interface Scenario {
  readonly name: string
  /** MiB. */
  readonly limit: number
  readonly how: string
  readonly stsMs: number
  readonly backend: 'EKSConfigMap' | 'CRD'
  readonly prepare: (cluster: Program) => Promise<unknown>
  readonly load: (webhook: Webhook, cluster: Program) => Promise<Outcome>
}

interface Run {
  readonly kills: number
  readonly figures: readonly Figure[]
}

/** What the server does in its control group; null if it was killed before it was ready. */
async function observe(
  scope: Scope,
  group: MemoryGroup,
  { stsMs, backend, prepare, load }: Scenario,
): Promise<{ outcome: Outcome; anonymous: number } | null> {
  const upstream = await startProgram(scope, 'upstream', [String(stsMs)])
  const cluster = await startProgram(scope, 'cluster')
  await prepare(cluster)
  const { kubeconfig = '' } = cluster.environment
  const configuration = `  backendMode: [${backend}]\n  kubeconfig: ${kubeconfig}\n`
  const anonymous: number[] = []
  const watched = watch(SAMPLE_MS, () => void anonymous.push(group.read().anonymous))
  try {
    const webhook = await startWebhook(scope, group.command, upstream.environment, configuration)
    await whenReady(createAsk(webhook, scope))
    const outcome = await load(webhook, cluster)
    await webhook.stop()
    return { outcome, anonymous: Math.max(...anonymous) }
  } catch (error) {
    if (group.read().kills === 0) throw error
    return null
  } finally {
    await watched()
    upstream.stop()
    cluster.stop()
  }
}

/** Runs a scenario. That the server is killed is a figure, not an error. */
async function run(scope: Scope, scenario: Scenario): Promise<Run> {
  const { name, limit, how } = scenario
  const group = createMemoryGroup(scope, limit)
  const observed = await observe(scope, group, scenario)
  const { charged, majorFaults, kills } = group.read()
  const row = rowsOf(SECTION, 'executable')
  const killed = row(`${name}: killed`, kills, {
    unit: 'count',
    how: `memory limit of ${limit} MiB: ${how}`,
    target: { most: 0 },
  })
  if (observed === null) return { kills, figures: [killed] }
  const { outcome, anonymous } = observed
  return {
    kills,
    figures: [
      killed,
      row(`${name}: logins that failed`, outcome.failures, {
        unit: 'count',
        how: `beside ${outcome.answers} that did not`,
        target: { most: 0 },
      }),
      row(`${name}: p99`, outcome.p99, { unit: 'ms', how: 'of the logins that did not fail' }),
      row(`${name}: its own at most`, anonymous, { unit: 'MiB', how: `rss of memory.stat, each ${SAMPLE_MS} ms` }),
      row(`${name}: charged at most`, charged, {
        unit: 'MiB',
        how: 'memory.max_usage_in_bytes: with pages of files, which the kernel takes back',
      }),
      row(`${name}: pages read`, majorFaults, { unit: 'count', how: 'pgmajfault of memory.stat, the start included' }),
    ],
  }
}

async function steady(webhook: Webhook, seconds: number): Promise<Outcome> {
  const tokens = createTokens()
  let count = 0
  const agent = createLoadAgent(webhook.certificate, 20)
  const nextToken = (): string => tokens((count += 1))
  const { latencies, failures } = await openLoad({ ...webhook, perSecond: 200, seconds, agent, nextToken })
  await agent.destroy()
  return { answers: latencies.length, failures, p99: quantile(latencies, 0.99) }
}

/** Replaces aws-auth: every entry changes. */
function putAwsAuth(cluster: Program, bytes: number, number: number): Promise<unknown> {
  return cluster.ask({ order: 'aws-auth', username: `bench-${number}`, bytes, others: `user-${number}` })
}

/** As many logins as 50 connections can send, with aws-auth replaced between the turns. */
async function fullLoad(scope: Scope, webhook: Webhook, cluster: Program, seconds: number): Promise<Outcome> {
  const script = join(temporaryFolder(scope), 'different.lua')
  let answers = 0
  for (let turn = 1; turn <= 3; turn += 1) {
    writeFileSync(script, wrkScript(true))
    await putAwsAuth(cluster, LONG_BYTES, turn)
    answers += wrk(webhook, script, 50, seconds / 3) * (seconds / 3)
  }
  return { ...(await steady(webhook, 10)), answers: Math.round(answers) }
}

async function overload(scope: Scope, webhook: Webhook, cluster: Program, seconds: number): Promise<Outcome> {
  const flood = await startProgram(scope, 'flood', [], {
    FLOOD_CERTIFICATE: webhook.certificate,
    FLOOD_PORT: String(webhook.port),
    FLOOD_CONNECTIONS: String(OVERLOAD.connections),
  })
  const flooding = flood.ask({ perSecond: OVERLOAD.perSecond, seconds })
  for (let turn = 1; turn <= 2; turn += 1) {
    await sleep((seconds / 3) * 1000)
    await putAwsAuth(cluster, LONG_BYTES, turn)
  }
  const { accepted, failed, acceptedP99 } = await flooding
  flood.stop()
  return { answers: Number(accepted), failures: Number(failed), p99: Number(acceptedP99) }
}

function putLongAwsAuth(cluster: Program): Promise<unknown> {
  return putAwsAuth(cluster, LONG_BYTES, 0)
}

async function putObjects(cluster: Program): Promise<void> {
  await cluster.ask({ order: 'mappings', count: OBJECTS })
  await cluster.ask({ order: 'mapping', username: 'bench-0' })
}

/**
 * Each load with the memory limit that the documentation names for it, in a real control group.
 *
 * @param seconds The time of the ordinary load. The others take a fifth of it.
 */
export async function measureLimits(scope: Scope, seconds: number): Promise<Figure[]> {
  const short = seconds / 5
  const configMap = { backend: 'EKSConfigMap', stsMs: 0 } as const
  const scenarios: readonly Scenario[] = [
    {
      ...configMap,
      name: 'ordinary',
      limit: 80,
      how: `aws-auth of 16 KiB, 200 logins a second for ${seconds} s`,
      prepare: (cluster) => putAwsAuth(cluster, SHORT_BYTES, 0),
      load: (webhook) => steady(webhook, seconds),
    },
    {
      ...configMap,
      name: 'full load',
      limit: 192,
      how: `aws-auth of 1 MiB, replaced three times; as many logins as 50 connections can send for ${short} s`,
      prepare: putLongAwsAuth,
      load: (webhook, cluster) => fullLoad(scope, webhook, cluster, short),
    },
    {
      ...configMap,
      stsMs: OVERLOAD.stsMs,
      name: 'overload',
      limit: 192,
      how: `aws-auth of 1 MiB, replaced twice; ${OVERLOAD.perSecond} logins a second for ${short} s, ten times what 128 calls of ${OVERLOAD.stsMs} ms at once carry`,
      prepare: putLongAwsAuth,
      load: (webhook, cluster) => overload(scope, webhook, cluster, short),
    },
  ]
  const figures: Figure[] = []
  for (const scenario of scenarios) figures.push(...(await run(scope, scenario)).figures)
  for (const limit of OBJECTS_MIB) {
    const objects = await run(scope, {
      name: `${OBJECTS.toLocaleString('en')} objects`,
      limit,
      how: `IAMIdentityMappings without a status, 200 logins a second for ${short} s; the lowest of ${OBJECTS_MIB.join(', ')} MiB that suffices`,
      backend: 'CRD',
      stsMs: 0,
      prepare: putObjects,
      load: (webhook) => steady(webhook, short),
    })
    if (objects.kills > 0 && limit !== OBJECTS_MIB.at(-1)) continue
    figures.push(...objects.figures)
    break
  }
  return figures
}
