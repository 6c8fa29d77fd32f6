// What people feel: how long `token` takes, and what memory the server needs. Prints a table and, last, one line of JSON.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Identity } from '../sandbox/aws/account.ts'
import { startSandboxAws } from '../sandbox/aws/sandbox.ts'
import { COMMAND, minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { signToken } from '../e2e/harness/webhook.ts'
import { load } from './load.ts'
import { timeProcesses, type Timed } from './processes.ts'

const RUNS = 15
const LOAD_SECONDS = 30
const CONNECTIONS = 50
const ACCOUNT = '111122223333'

const cleanUps: (() => unknown)[] = []
const scope = { teardown: (action: () => unknown): void => void cleanUps.unshift(action) }

function residentMiB(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kibibytes) / 102.4) / 10
}

function tokenTimes(): ReadonlyMap<string, number> {
  const [program, ...before] = COMMAND
  const environment = {
    ...minimalEnvironment(temporaryFolder(scope)),
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'a-secret-of-the-bench',
    AWS_REGION: 'us-west-2',
  }
  const commands: Timed[] = [
    { name: 'token, static credentials', program, args: [...before, 'token', '-i', 'bench'], environment },
    { name: 'version', program, args: [...before, 'version'], environment },
  ]
  if (spawnSync('aws', ['--version'], { env: environment }).status === 0) {
    const args = ['eks', 'get-token', '--cluster-name', 'bench']
    commands.push({ name: 'aws eks get-token', program: 'aws', args, environment })
  }
  return timeProcesses(commands, RUNS)
}

async function serverMemory(): Promise<{ idle: number; loaded: number; logins: number; others: number }> {
  const identities = new Map<string, Identity>()
  for (let index = 0; index < 200; index += 1) {
    const name = `user${String(index).padStart(4, '0')}`
    const arn = `arn:aws:iam::${ACCOUNT}:user/${name}`
    identities.set(`AKIA${name.toUpperCase()}BENCH`, {
      accountId: ACCOUNT,
      arn,
      userId: `AIDA${name}`,
      secretAccessKey: name,
    })
  }
  const aws = await startSandboxAws({ identities })
  scope.teardown(() => aws.close())
  const configuration = `clusterID: bench\nserver:\n  mapAccounts: ["${ACCOUNT}"]\n`
  const server = await startTestServer(scope, { aws, configuration })
  const idle = residentMiB(server.pid)
  const keys = [...identities]
  let made = 0
  const nextToken = (): string => {
    made += 1
    const [id, identity] = keys[made % keys.length] ?? ['', undefined]
    if (identity === undefined) throw new Error('no identities')
    // Each key has its own token for each of the last ten minutes' seconds.
    const date = new Date(Date.now() - (Math.floor(made / keys.length) % 600) * 1000)
    return signToken(id, identity, { clusterId: 'bench', date })
  }
  const { port, certificate, pid } = server
  const statuses = await load({ port, certificate, connections: CONNECTIONS, seconds: LOAD_SECONDS, nextToken })
  const logins = statuses.get(200) ?? 0
  const all = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  return { idle, loaded: residentMiB(pid), logins, others: all - logins }
}

async function main(): Promise<void> {
  const runtime = process.env['COMMAND_RUNTIME'] === 'node' ? 'Node.js' : 'executable'
  console.log(`${runtime}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}\n`)
  const times = tokenTimes()
  for (const [name, milliseconds] of times) {
    console.log(
      `${name.padEnd(40)} ${milliseconds.toFixed(1).padStart(8)} ms   median wall time of ${RUNS} processes in turn`,
    )
  }
  const memory = await serverMemory()
  const rows = [
    ['server, resident, idle', memory.idle, 'MiB, after the start'],
    ['server, resident, loaded', memory.loaded, `MiB, after ${LOAD_SECONDS} s on ${CONNECTIONS} connections`],
    ['logins in that time', memory.logins, `answers; ${memory.others} others`],
  ] as const
  for (const [name, value, how] of rows) console.log(`${name.padEnd(40)} ${String(value).padStart(8)} ${how}`)
  console.log(JSON.stringify({ runtime, milliseconds: Object.fromEntries(times), memory }))
}

// Some machines set it; it would cost an old Node.js dearly at each start.
delete process.env['NODE_EXTRA_CA_CERTS']
try {
  await main()
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
