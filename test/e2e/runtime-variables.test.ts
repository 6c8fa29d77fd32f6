import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DENIED_OTHER_VARIABLES, DENIED_VARIABLES } from '../../scripts/build/runtime-variables.ts'
import { identities, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { COMMAND, minimalEnvironment, runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { personEnvironment } from './harness/person.ts'
import { presignedUrl, tokenOfUrl } from './harness/presigned.ts'
import { freePort, startTestServer } from './harness/server.ts'

const skip = COMMAND.length > 1 ? 'Node.js reads none of these variables' : false

interface Traps {
  /** Each sets every denied variable to one hostile value. */
  readonly environments: readonly Environment[]
  /** The port that a debugger would open. */
  readonly port: number
  /** Forbidden actions of the runtime. */
  readonly sprung: () => readonly string[]
}

/** A folder, a socket and a script for the variables to name. */
async function setTraps(t: Test): Promise<Traps> {
  const folder = temporaryFolder(t)
  const watched = join(folder, 'watched')
  mkdirSync(watched)
  const script = join(folder, 'preload.cjs')
  writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(join(watched, 'preloaded'))}, '')`)
  const socket = join(folder, 'socket')
  let connections = 0
  const listener = createServer((connection) => {
    connections += 1
    connection.destroy()
  }).listen(socket)
  await once(listener, 'listening')
  t.teardown(() => listener.close())
  const port = await freePort()
  const special: Environment = {
    BUN_BE_BUN: '1',
    // With `wait` the program would pause until a debugger connects.
    BUN_INSPECT: `ws://127.0.0.1:${port}/debugger?wait=1`,
    BUN_INSPECT_CONNECT_TO: `ws+unix://${socket}`,
    BUN_INSPECT_NOTIFY: `unix://${socket}`,
    BUN_INSPECT_PRELOAD: script,
    BUN_OPTIONS: `--preload ${script}`,
    BUN_CRASH_REPORT_URL: `http://127.0.0.1:${port}/`,
    NODE_CHANNEL_FD: '0',
    JSC_SIGNAL_FOR_GC: '9',
  }
  const names = [...DENIED_VARIABLES, ...DENIED_OTHER_VARIABLES].filter((name) => !name.startsWith('BUN_JSC_'))
  const all = (value: (name: string) => string): Environment =>
    Object.fromEntries(names.map((name) => [name, special[name] ?? value(name)]))
  return {
    environments: [all((name) => join(watched, name)), all(() => '1')],
    port,
    sprung: () => [...readdirSync(watched), ...Array.from({ length: connections }, () => 'connection')],
  }
}

/** TCP ports that a process listens on, from /proc on Linux. */
function listeningPorts(pid: number): readonly number[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]),
  )
  const lines = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1))
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(({ 3: state, 9: inode }) => state === '0A' && sockets.has(inode))
    .map(({ 1: address = '' }) => Number.parseInt(address.split(':')[1] ?? '', 16))
}

t.test('commands do the same with every denied variable set', { skip }, async (t) => {
  const { environments, sprung } = await setTraps(t)
  const home = temporaryFolder(t)
  for (const args of [['version'], ['token', '--help'], ['lint', '--help']]) {
    const expected = await runCommand(args, { cwd: home, environment: minimalEnvironment(home) })
    t.equal(expected.code, 0)
    for (const environment of environments) {
      const actual = await runCommand(args, { cwd: home, environment: { ...minimalEnvironment(home), ...environment } })
      t.same(actual, expected, args.join(' '))
    }
  }
  t.same(sprung(), [])
  t.same(readdirSync(home), [])
})

t.test('each denied variable alone changes nothing', { skip }, async (t) => {
  const { environments, sprung } = await setTraps(t)
  const home = temporaryFolder(t)
  const expected = await runCommand(['version'], { cwd: home, environment: minimalEnvironment(home) })
  for (const [name, value] of Object.entries(environments[0] ?? {})) {
    const actual = await runCommand(['version'], {
      cwd: home,
      environment: { ...minimalEnvironment(home), [name]: value },
    })
    t.same(actual, expected, name)
  }
  t.same(sprung(), [])
})

t.test('token opens no debugger, loads no code and writes no file', { skip }, async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const { environments, sprung } = await setTraps(t)
  const home = temporaryFolder(t)
  for (const environment of environments) {
    const { code, stdout, stderr } = await runCommand(['token', '-i', 'k8s.local'], {
      cwd: home,
      environment: personEnvironment(home, aws.environment, { AWS_REGION: 'us-west-2' }, environment),
    })
    t.match({ code, stderr }, { code: 0, stderr: '' })
    t.match(JSON.parse(stdout), { kind: 'ExecCredential', status: { token: /^k8s-aws-v1\./ } })
  }
  t.same(sprung(), [])
  t.same(readdirSync(home), [])
})

t.test('the server opens no debugger, loads no code and writes no file', { skip }, async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const { environments, port, sprung } = await setTraps(t)
  const configuration = `clusterID: k8s.local\nserver:\n  mapUsers:\n    - userARN: ${USER.arn}\n      username: alice\n`
  const url = presignedUrl({
    host: 'sts.us-west-2.amazonaws.com',
    region: 'us-west-2',
    clusterId: 'k8s.local',
    accessKeyId: USER_KEY_ID,
    secretAccessKey: USER.secretAccessKey,
    date: new Date(),
  })
  for (const environment of environments) {
    const server = await startTestServer(t, { aws, configuration, environment })
    t.match((await server.review(tokenOfUrl(url))).json, { status: { authenticated: true } })
    const ports = listeningPorts(server.pid)
    t.ok(ports.includes(server.port))
    t.notOk(ports.includes(port), 'no debugger')
    t.ok(ports.length <= 2, 'the webhook and the health port alone')
    t.equal((await server.stop()).code, 0)
  }
  t.same(sprung(), [])
})

t.test('a variable whose value completes a denied name has no effect', { skip }, async (t) => {
  const home = temporaryFolder(t)
  const [marker, script] = [join(home, 'marker'), join(home, 'preload.cjs')]
  writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`)
  const expected = await runCommand(['version'], { environment: minimalEnvironment(home) })
  const traps: readonly Environment[] = [
    // getenv("BUN=OPTIONS") finds the variable BUN, so the name must not contain an equals sign.
    { BUN: `OPTIONS=--preload ${script}` },
    { BUN: 'BE=BUN=1' },
    { BUN: `BYTECODE=DIGEST=OUT=${marker}` },
    { BUN: `_OPTIONS=--preload ${script}` },
    { UN_OPTIONS: `--preload ${script}` },
    { UN_BE_BUN: '1' },
  ]
  for (const trap of traps) {
    t.same(await runCommand(['version'], { environment: { ...minimalEnvironment(home), ...trap } }), expected)
  }
  t.notOk(existsSync(marker))
})

t.test('dangerous engine options stop the command at once', { skip }, async (t) => {
  const home = temporaryFolder(t)
  const before = readdirSync(home)
  for (const name of [
    'configFile',
    'diskCachePath',
    'dumpJITMemoryPath',
    'dumpOptions',
    'functionOverrides',
    'fuzzerPredictionsFile',
    'ionGraphDirectory',
    'irDumpDirectory',
    'jitDumpDirectory',
    'logGC',
    'samplingProfilerPath',
    'sourceCodeDumpDirectory',
    'textMarkersDirectory',
    'useDollarVM',
    'useSourceCodeDump',
    // Options are found in any case.
    'FUNCTIONOVERRIDES',
    '=unctionOverrides',
    '',
  ]) {
    const environment = { ...minimalEnvironment(home), [`BUN_JSC_${name}`]: join(home, 'written') }
    const { code, stdout } = await runCommand(['version'], { cwd: home, environment })
    t.equal(code, 1, name)
    t.equal(stdout, '')
    const plain = { ...minimalEnvironment(home), [`JSC_${name}`]: join(home, 'written') }
    t.equal((await runCommand(['version'], { cwd: home, environment: plain })).code, 0)
  }
  t.same(readdirSync(home), before)
})

t.test('the engine options of the image are accepted', { skip }, async (t) => {
  const home = temporaryFolder(t)
  const image = readFileSync(new URL('../../deploy/image/Containerfile', import.meta.url), 'utf8')
  const options = Object.fromEntries(
    [...image.matchAll(/(BUN_JSC_\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  )
  t.equal(Object.keys(options).length, 6)
  const finished = await runCommand(['version'], { environment: { ...minimalEnvironment(home), ...options } })
  t.match(finished, { code: 0, stderr: '' })
  // An option rejects a malformed value if it is read.
  for (const name of Object.keys(options)) {
    const wrong = await runCommand(['version'], { environment: { ...minimalEnvironment(home), [name]: 'nonsense' } })
    t.equal(wrong.code, 1, name)
  }
})
