import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { COMMAND, finish, minimalEnvironment, temporaryFolder } from './harness/command.ts'

/** Creates a control group with a memory limit below that of this process; null if this machine cannot. */
function makeGroup(bytes: number): string | null {
  const membership = readFileSync('/proc/self/cgroup', 'utf8')
  const version1 = /^\d+:(?:\S+,)?memory(?:,\S+)?:(\S+)$/m.exec(membership)?.[1]
  const version2 = /^0::(\S+)$/m.exec(membership)?.[1]
  const parent =
    version1 === undefined ? join('/sys/fs/cgroup', version2 ?? '') : join('/sys/fs/cgroup/memory', version1)
  const group = join(parent, `memory-limit-test-${process.pid}`)
  try {
    mkdirSync(group)
  } catch {
    return null
  }
  try {
    writeFileSync(join(group, version1 === undefined ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes))
    return group
  } catch {
    rmdirSync(group)
    return null
  }
}

t.test('a server with too little memory names the field to change before it is killed', async (t) => {
  // Node.js needs more than 20Mi before its first line.
  const limit = COMMAND.length === 1 ? 20 : 100
  const group = makeGroup(limit * 1024 * 1024)
  if (group === null) {
    t.plan(0, 'needs root and a control group to make groups in')
    return
  }
  t.teardown(() => rmdirSync(group))
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'config.yaml'), 'clusterID: k8s.local\nserver:\n  port: 0\n')
  const args = [
    'server',
    `--config=${join(folder, 'config.yaml')}`,
    `--state-dir=${join(folder, 'state')}`,
    `--generate-kubeconfig=${join(folder, 'kubeconfig.yaml')}`,
  ]
  const child = spawn('sh', ['-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', group, ...COMMAND, ...args], {
    env: minimalEnvironment(folder),
    stdio: 'pipe',
    detached: true,
  })
  // It is killed for its memory, or, if that suffices, exits after the warning.
  child.stderr.on('data', (text: Buffer) => {
    if (text.includes('resources.limits.memory')) child.kill('SIGKILL')
  })
  const { stderr } = await finish(child)
  const lines = stderr.split('\n').filter((line) => line.includes('resources.limits.memory'))
  t.equal(lines.length, 1, stderr)
  t.match(lines[0], /level=warning/)
  t.match(lines[0], new RegExp(`limit=${limit}Mi needed=80Mi`))
})
