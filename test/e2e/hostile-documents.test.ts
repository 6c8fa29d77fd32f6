import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { IMAGE_ENVIRONMENT } from '../bench/commands.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { roleEntry, testFollowing } from './harness/follow.ts'
import { HOSTILE_DOCUMENTS, HOSTILE_JSON } from './harness/hostile-documents.ts'

/** The time to read a document, in milliseconds. */
const READ_MS = 20_000

/** The resident memory for reading a document, in MiB. */
const MAX_MEMORY_MIB = 150

/** The longest delay of the event loop, in milliseconds: ten times the target, because other programs run beside this test. */
const MAX_DELAY_MS = 500

function resident(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** Resets the peak of a process's resident memory (proc(5), clear_refs). */
function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

await testFollowing(
  'no aws-auth holds up logins or takes much memory',
  { environment: IMAGE_ENVIRONMENT },
  async (t, follower) => {
    const { put, becomes, server } = follower
    const good = { mapRoles: roleEntry('Dev') }
    put(good)
    await becomes('Dev', 'dev', READ_MS, 'before')
    let count = 0
    for (const [name, text, outcome] of HOSTILE_DOCUMENTS) {
      count += 1
      const before = resident(server.pid, 'VmRSS')
      resetPeak(server.pid)
      const { length } = server.log()
      const reads = (): number =>
        server
          .log()
          .slice(length)
          .filter(({ msg }) => msg === 'kube-system/aws-auth loaded').length
      put({ ...good, mapUsers: text })
      let longest = 0
      const began = performance.now()
      while (reads() === 0 && performance.now() - began < READ_MS) {
        const asked = performance.now()
        const { status } = await server.request({ path: '/healthz' })
        if (status !== 200) t.fail(`${name}: health check answered ${status}`)
        longest = Math.max(longest, performance.now() - asked)
      }
      const took = performance.now() - began
      const peak = resident(server.pid, 'VmHWM') - before
      t.equal(reads(), 1, `${name}: read`)
      t.ok(longest < MAX_DELAY_MS, `${name}: a health check took ${longest.toFixed(0)} ms`)
      t.ok(peak < MAX_MEMORY_MIB, `${name}: ${peak.toFixed(0)} MiB of memory`)
      t.comment(
        `${name}: read after ${took.toFixed(0)} ms, health check ${longest.toFixed(0)} ms, memory +${peak.toFixed(0)} MiB, before ${before.toFixed(0)}`,
      )
      const lines = server.log().slice(length)
      t.ok(lines.length <= 110, `${name}: ${lines.length} lines`)
      if (outcome === 'rejected')
        t.ok(
          lines.some(({ level }) => level === 'error'),
          `${name}: an error`,
        )
      if (outcome === 'over') {
        t.match(
          lines.find(({ level }) => level === 'error'),
          { msg: /^aws-auth mapUsers:\d+:\d+: .*limit/ },
          `${name}: names the limit`,
        )
      }
      await becomes('Dev', 'dev', READ_MS, `${name}: the mapping before stays`)
    }
    t.equal(count, HOSTILE_DOCUMENTS.length)
  },
)

function manifest(text: string): string {
  const data = JSON.stringify(text)
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapUsers: ${data}\n`
}

void test('lint reports that a document is over a limit, and where', async (t) => {
  const folder = temporaryFolder(t)
  const over = HOSTILE_DOCUMENTS.filter(([, , outcome]) => outcome === 'over')
  const files = [
    ...over.slice(0, 8).map(([name, text]) => [name, 'aws-auth.yaml', manifest(text)] as const),
    ...over
      .slice(0, 8)
      .map(([name, text]) => [name, 'config.yaml', `server:\n  mapUsers:\n${text.replaceAll(/^/gm, '  ')}`] as const),
    ...HOSTILE_JSON.map(([name, text]) => [name, 'dynamic.json', text] as const),
  ]
  for (const [name, file, text] of files) {
    writeFileSync(join(folder, file), text)
    const began = performance.now()
    const { code, stdout, stderr } = await runCommand(['lint', file], {
      cwd: folder,
      environment: minimalEnvironment(folder),
    })
    t.equal(code, 1, `${name} in ${file}`)
    t.match(stdout + stderr, new RegExp(`${file}:\\d+:\\d+: .*limit`), `${name} in ${file}: names the limit`)
    t.ok(performance.now() - began < READ_MS, `${name} in ${file}`)
  }
})

void test('a configuration file over a limit is an error of server', async (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'config.yaml')
  writeFileSync(path, `clusterID: a\nserver:\n  mapUsers: [${'[]'.repeat(250_000)}]\n`)
  const { code, stderr } = await runCommand(['server', '-c', path], { environment: minimalEnvironment(folder) })
  t.equal(code, 1)
  t.match(stderr, /config\.yaml:3:\d+: .*limit/)
})
