import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { minimalEnvironment, temporaryFolder, type Environment } from '../e2e/harness/command.ts'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { freePort } from '../e2e/harness/server.ts'
import { startListening, startProgram, type Scope } from './children.ts'
import { buildProgram, PRODUCT, type CommandLine } from './commands.ts'
import { timeProcesses, type Timed } from './processes.ts'
import { quantile, type Figure, type Runtime } from './results.ts'

const SECTION = 'start'

function idOf(runtime: Runtime, name: string): string {
  return `${runtime}: ${name}`
}

/** The files that a run opens or looks for, and `network` if it opens a socket. */
function traced(command: CommandLine, environment: Environment): string[] {
  const calls = 'open,openat,connect,socket'
  const { stderr, error } = spawnSync('strace', ['-f', '-e', `trace=${calls}`, ...command], {
    env: environment,
    encoding: 'utf8',
  })
  if (error !== undefined) return []
  const home = environment['HOME'] ?? ''
  const lines = stderr.split('\n').flatMap((line) => {
    if (/(?:connect|socket)\(/.test(line)) return ['network']
    const path = /open(?:at)?\((?:AT_FDCWD, )?"([^"]*)"/.exec(line)?.[1]
    return path === undefined ? [] : [path.replace(home, '~').replace(/(\/sys\/fs\/cgroup\/\w*).*/, '$1/…')]
  })
  return [...new Set(lines)]
}

/** The duration of whole processes, or until the server listens. */
export async function measureStart(scope: Scope, runs: number): Promise<{ figures: Figure[]; files: string[] }> {
  const aws = await startProgram(scope, 'aws')
  const folder = temporaryFolder(scope)
  const nothing = await buildProgram('nothing', folder)
  const roundTrip = await buildProgram('round-trip', folder)
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = aws.environment
  const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION: 'us-west-2' }
  const alone: Environment = { ...minimalEnvironment(folder), ...keys }
  const withAws: Environment = { ...alone, ...aws.environment }
  const cache = join(folder, 'cold', 'credentials.yaml')
  const commands: Timed[] = []
  for (const [runtime, command] of PRODUCT) {
    const add = (name: string, args: string[], more: Partial<Timed> = {}): void =>
      void commands.push({ name: idOf(runtime, name), command: [...command, ...args], environment: alone, ...more })
    const role = ['token', '-i', 'bench', '-r', ROLE_ARN, '--cache']
    const forgetCache = (): void => rmSync(join(folder, 'cold'), { recursive: true, force: true })
    const initFolder = join(folder, 'init')
    const emptyFolder = (): void => {
      rmSync(initFolder, { recursive: true, force: true })
      mkdirSync(initFolder)
    }
    commands.push({ name: idOf(runtime, 'nothing'), command: nothing.get(runtime) ?? command, environment: alone })
    const connects = roundTrip.get(runtime) ?? command
    commands.push({ name: idOf(runtime, 'one TLS connection, one call'), command: connects, environment: withAws })
    add('token, static credentials', ['token', '-i', 'bench'])
    add('token -r, warm cache', role, { environment: withAws })
    add('token -r, JWT, warm cache', [...role, '--token-type=jwt'], { environment: withAws })
    add('token -r, no cache', role, {
      environment: { ...withAws, AWS_IAM_AUTHENTICATOR_CACHE_FILE: cache },
      prepare: forgetCache,
    })
    add('version', ['version'])
    add('--help', ['--help'])
    add('init', ['init', '-i', 'bench'], { cwd: initFolder, prepare: emptyFolder })
  }
  if (spawnSync('aws', ['--version'], { env: alone }).status === 0) {
    const args = ['eks', 'get-token', '--cluster-name', 'bench'] as const
    commands.push({ name: 'aws eks get-token', command: ['aws', ...args], environment: alone })
  }
  const times = timeProcesses(commands, runs)
  const how = `whole process, median of ${runs} runs, all commands in turn`
  const figures: Figure[] = [...times].map(([id, value]) => {
    const [runtime, name] = id.includes(': ') ? id.split(': ') : [null, id]
    const known = runtime === 'executable' || runtime === 'Node.js' ? runtime : null
    return { section: SECTION, name: name ?? id, runtime: known, value, unit: 'ms', how }
  })
  const of = (name: string): number => times.get(idOf('executable', name)) ?? Number.NaN
  const most = (of('nothing') * 1.3 + 8) / of('nothing')
  const compared = 'the medians of this run divided'
  for (const runtime of PRODUCT.keys()) {
    const [idle, connecting, cold] = ['nothing', 'one TLS connection, one call', 'token -r, no cache'].map(
      (name) => times.get(idOf(runtime, name)) ?? Number.NaN,
    )
    const allowed = (idle ?? Number.NaN) * 1.3 + 8 + (connecting ?? Number.NaN) - (idle ?? Number.NaN)
    figures.push({
      section: SECTION,
      name: 'token -r, no cache / what it may take',
      runtime,
      value: (cold ?? Number.NaN) / allowed,
      unit: 'ratio',
      how: '1.3 × nothing + 8 ms, and what a program on the same runtime takes longer for one TLS connection and one call',
      target: { most: 1 },
    })
  }
  figures.push({
    section: SECTION,
    name: 'token -r, JWT / presigned, warm cache',
    runtime: 'executable',
    value: of('token -r, JWT, warm cache') / of('token -r, warm cache'),
    unit: 'ratio',
    how: compared,
    target: { most: 1.1 },
  })
  for (const name of ['token, static credentials', 'token -r, warm cache']) {
    const ratio = { section: SECTION, runtime: 'executable', unit: 'ratio', how: compared } as const
    figures.push({ ...ratio, name: `${name} / nothing`, value: of(name) / of('nothing'), target: { most } })
    const eks = times.get('aws eks get-token')
    if (eks !== undefined) {
      figures.push({ ...ratio, name: `${name} / aws eks get-token`, value: of(name) / eks, target: { most: 0.05 } })
    }
  }
  for (const [runtime, command] of PRODUCT) {
    const starts: number[] = []
    for (let run = 0; run < Math.ceil(runs / 3); run += 1) {
      const port = await freePort()
      const paths = [`--state-dir=${folder}`, `--generate-kubeconfig=${folder}/kubeconfig.yaml`, `--port=${port}`]
      const { stop, milliseconds } = await startListening(scope, [...command, 'server', '-i', 'bench', ...paths], alone)
      starts.push(milliseconds)
      await stop()
    }
    const fastest = quantile(starts.slice(1), 0.5)
    const until = `from the start to the line that it listens, its TLS pair there; median of ${starts.length - 1}`
    figures.push({ section: SECTION, name: 'server listens', runtime, value: fastest, unit: 'ms', how: until })
  }
  const [executable] = PRODUCT.values()
  const token = executable === undefined ? [] : traced([...executable, 'token', '-i', 'bench'], alone)
  const nothingFiles = traced(nothing.get('executable') ?? ['true'], alone)
  return { figures, files: token.filter((file) => !nothingFiles.includes(file)) }
}
