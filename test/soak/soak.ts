import { setTimeout as wait } from 'node:timers/promises'
import { IMAGE_ENVIRONMENT } from '../bench/commands.ts'
import { startCluster } from '../e2e/harness/cluster.ts'
import { cannotMislead, startDirectSts } from '../e2e/harness/direct-sts.ts'
import { startTestServer, type TestServer } from '../e2e/harness/server.ts'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createAsker, type Answer, type Asker } from './clients.ts'
import { createLogins, type Logins } from './logins.ts'
import { phasesOf, STS_HOST, type Phase, type World } from './phases.ts'
import { memorySlope, quantile, sampleProcess, type Sample } from './watch.ts'

const GOOD_PER_SECOND = 50
/** The time after a phase in which its requests may still end, in milliseconds. */
const SETTLE_MS = 2_000
/** The number of files that may stay open beyond those at the start. */
const MORE_FILES = 40

/** The results of one kind of phase. */
export interface PhaseReport {
  readonly name: string
  readonly seconds: number
  readonly goodLetIn: number
  /** The number of answers to valid logins that are not a verdict, by status. */
  readonly goodErrors: Readonly<Record<string, number>>
  readonly badLogins: number
  readonly flooded: Readonly<Record<string, number>>
  /** Milliseconds. */
  readonly healthP99: number
  readonly loginP99: number
  readonly logLinesPerSecond: number
}

/** The results of a soak, and its faults. */
export interface SoakReport {
  readonly minutes: number
  readonly phases: readonly PhaseReport[]
  readonly samples: readonly Sample[]
  /** MiB per minute, in the calm seconds of the second half. */
  readonly memorySlope: number
  readonly peakMiB: number
  readonly stsCalls: number
  readonly logins: number
  readonly faults: readonly string[]
}

export interface SoakOptions {
  readonly minutes: number
  readonly phaseSeconds: number
  /** A part of the names of the faults to run; empty for all. */
  readonly only: string
  readonly progress?: (report: PhaseReport) => void
}

interface Tally {
  goodLetIn: number
  badLogins: number
  readonly goodErrors: Map<number, number>
  readonly flooded: Map<number, number>
  readonly health: number[]
  readonly latency: number[]
}

interface Stage {
  readonly server: TestServer
  readonly world: World
  readonly logins: Logins
  /** The valid people have connections of their own, as API servers do. */
  readonly askers: Readonly<Record<'good' | 'bad' | 'flood' | 'health', Asker>>
  readonly faults: string[]
}

function count(map: Map<number, number>, status: number): void {
  map.set(status, (map.get(status) ?? 0) + 1)
}

/** Makes calls at a steady rate without waiting for answers. Resolves when all have ended. */
async function atRate(perSecond: number, until: number, call: () => Promise<void>): Promise<void> {
  const TICK_MS = 20
  const calls = new Set<Promise<void>>()
  let due = 0
  while (performance.now() < until) {
    for (due += (perSecond * TICK_MS) / 1000; due >= 1; due -= 1) {
      const made = call().finally(() => calls.delete(made))
      calls.add(made)
    }
    await wait(TICK_MS)
  }
  await Promise.all(calls)
}

async function answer(asker: Asker, token: string): Promise<Answer> {
  try {
    return await asker.review(token)
  } catch {
    return { status: 0, verdict: undefined }
  }
}

/** Runs a phase. Adds unexpected results to the faults. */
async function runPhase(phase: Phase, seconds: number, stage: Stage): Promise<PhaseReport> {
  const { server, world, logins, askers, faults } = stage
  const tally: Tally = {
    goodLetIn: 0,
    badLogins: 0,
    goodErrors: new Map(),
    flooded: new Map(),
    health: [],
    latency: [],
  }
  const fault = (what: string): void => void faults.push(`${phase.name}: ${what}`)
  const linesBefore = server.output().length
  await phase.begin?.(world)
  const stopClients = phase.clients?.({ port: server.port, certificate: server.certificate })
  const began = performance.now()
  const until = began + seconds * 1000
  const good = async (): Promise<void> => {
    const sentAt = performance.now()
    const { status, verdict } = await answer(askers.good, phase.fresh === true ? logins.fresh() : logins.good())
    tally.latency.push(performance.now() - sentAt)
    if (verdict === true) tally.goodLetIn += 1
    else count(tally.goodErrors, status)
    if (verdict === false) fault('a good login was refused')
    else if (verdict === undefined && phase.serves && sentAt - began > SETTLE_MS) fault(`a good login got ${status}`)
  }
  const bad = async (): Promise<void> => {
    const { verdict } = await answer(askers.bad, logins.bad())
    tally.badLogins += 1
    if (verdict === true) fault('a bad login was let in')
  }
  const flood = async (): Promise<void> => {
    while (performance.now() < until) {
      const { status, verdict } = await answer(askers.flood, logins.fresh())
      if (verdict === false) fault('a good login of the flood was refused')
      count(tally.flooded, status)
    }
  }
  const checkHealth = async (): Promise<void> => {
    while (performance.now() < until) {
      tally.health.push(await askers.health.health().catch(() => Infinity))
      await wait(200)
    }
  }
  await Promise.all([
    atRate(GOOD_PER_SECOND, until, good),
    atRate(phase.badLogins ?? 0, until, bad),
    checkHealth(),
    ...Array.from({ length: phase.flood ?? 0 }, flood),
  ])
  stopClients?.()
  await phase.end?.(world)
  const took = (performance.now() - began) / 1000
  return {
    name: phase.name,
    seconds: Math.round(took),
    goodLetIn: tally.goodLetIn,
    goodErrors: Object.fromEntries(tally.goodErrors),
    badLogins: tally.badLogins,
    flooded: Object.fromEntries(tally.flooded),
    healthP99: Math.round(quantile(tally.health, 0.99)),
    loginP99: Math.round(quantile(tally.latency, 0.99)),
    logLinesPerSecond: Math.round(server.output().slice(linesBefore).split('\n').length / took),
  }
}

/** Runs all phases repeatedly for a number of minutes against a server of the built command. */
export async function soak({ minutes, phaseSeconds, only, progress }: SoakOptions): Promise<SoakReport> {
  const cleanUps: (() => unknown)[] = []
  const scope = { teardown: (action: () => unknown): void => void cleanUps.unshift(action) }
  const round = phasesOf(only)
  if (round.length === 0) throw new TypeError(`no trouble has a name with ${only} in it`)
  const [phases, samples, calm, faults]: [PhaseReport[], Sample[], Sample[], string[]] = [[], [], [], []]
  try {
    const aws = await startSandboxAws()
    scope.teardown(() => aws.close())
    const { api, kubeconfig } = await startCluster(scope)
    const logins = createLogins(aws)
    api.putConfigMap('kube-system', 'aws-auth', { ...logins.mappings })
    const configuration = `clusterID: k8s.local\nserver:\n  kubeconfig: ${kubeconfig}\n`
    const way = cannotMislead === false ? await startDirectSts(scope, aws.port) : null
    way?.resolve(STS_HOST)
    const directly = way === null ? {} : { wrapper: way.wrapper }
    const environment = { ...IMAGE_ENVIRONMENT, ...(way === null ? {} : { HTTPS_PROXY: '' }) }
    const args = ['--backend-mode=EKSConfigMap']
    const server = await startTestServer(scope, { aws, configuration, args, environment, ...directly })
    const asker = (connections: number): Asker => {
      const made = createAsker(server, connections)
      scope.teardown(() => made.close())
      return made
    }
    const askers = { good: asker(512), bad: asker(64), flood: asker(200), health: asker(1) }
    const world = { aws, api, way, mappings: logins.mappings }
    const began = performance.now()
    const secondsSince = (): number => Math.round((performance.now() - began) / 1000)
    let isCalm = true
    const sampler = setInterval(() => {
      const sample = sampleProcess(server.pid, secondsSince())
      samples.push(sample)
      if (isCalm) calm.push(sample)
    }, 1000)
    scope.teardown(() => clearInterval(sampler))
    const runOne = async (phase: Phase): Promise<void> => {
      isCalm = phase.name === 'calm'
      const report = await runPhase(phase, phaseSeconds, { server, world, logins, askers, faults })
      phases.push(report)
      progress?.(report)
    }
    await runOne({ name: 'calm', serves: true })
    const filesAtFirst = sampleProcess(server.pid, 0).files
    while (performance.now() - began < minutes * 60_000) {
      for (const phase of round) {
        if (performance.now() - began >= minutes * 60_000) break
        await runOne(phase)
      }
    }
    await runOne({ name: 'calm', serves: true })
    const { files } = sampleProcess(server.pid, 0)
    if (files > filesAtFirst + MORE_FILES) faults.push(`${files} files are open at the end, ${filesAtFirst} at first`)
    if (/k8s-aws-v1\.[\w-]{16}|X-Amz-Signature=/.test(server.output())) faults.push('a token is in the log')
    clearInterval(sampler)
    const { code } = await server.stop()
    if (code !== 0) faults.push(`the server ended with code ${code ?? 'none'}`)
    const half = secondsSince() / 2
    return {
      minutes: secondsSince() / 60,
      phases,
      samples,
      memorySlope: memorySlope(calm.filter(({ second }) => second > half)),
      peakMiB: Math.max(...samples.map(({ residentMiB }) => residentMiB)),
      stsCalls: aws.sts.requests.length,
      logins: phases.reduce((sum, { goodLetIn, badLogins }) => sum + goodLetIn + badLogins, 0),
      faults,
    }
  } finally {
    for (const action of cleanUps) await action()
  }
}
