import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { identities, ROLE_ARN, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { Environment, Finished } from './harness/command.ts'
import { makeOddFile, ODD_KINDS, runBounded } from './harness/odd-file.ts'
import { USER_KEYS } from './harness/person.ts'
import { asked, callerOf, CLUSTER_ID, personAtHome } from './harness/token.ts'

const skip = spawnSync('flock', ['--version']).status === 0 ? false : 'there is no program flock'

/** The time allowed beyond the second that the command waits, in milliseconds. */
const GRACE_MS = 4_000

const PROCESSES = 12
const TURNS = 12

/** One round of a program that locks and writes as the Go program does: exclusively, with retries, and in place. */
const TURN = `
until flock -n "$1" sh -c '
  count=$(sed -n "s/^count: //p" "$1")
  others=$(grep -v "^count: " "$1")
  sleep 0.02
  { printf "%s\\n" "$others"; echo "count: $((count + 1))"; } >"$1"
' sh "$1"; do sleep 0.01; done
`

interface Person {
  readonly aws: SandboxAws
  readonly cache: string
  readonly environment: Environment
  /** Gets a token of the role under that session name. */
  readonly token: (session?: string) => Promise<Finished>
}

async function start(t: Test): Promise<Person> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const environment = personAtHome(t, {}, aws.environment, USER_KEYS)
  const cache = join(environment['HOME'] ?? '', '.kube/cache/aws-iam-authenticator/credentials.yaml')
  mkdirSync(dirname(cache), { recursive: true, mode: 0o700 })
  const args = ['token', '-i', CLUSTER_ID, '--token-only', '--cache', '-r', ROLE_ARN]
  return { aws, cache, environment, token: (session = 'me') => runBounded([...args, '-s', session], { environment }) }
}

/** Holds the flock of a file until the end of the test or `release`. */
async function hold(
  t: Test,
  path: string,
  ...script: readonly [string?]
): Promise<{ release: () => Promise<unknown> }> {
  const holder = spawn('flock', ['-x', path, 'sh', '-c', `echo held; ${script[0] ?? 'exec sleep 60'}`, 'sh', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  await once(holder.stdout, 'data')
  const ended = once(holder, 'close')
  const release = (): Promise<unknown> => {
    if (holder.exitCode === null && holder.signalCode === null && holder.pid !== undefined) process.kill(-holder.pid)
    return ended
  }
  t.teardown(release)
  return { release }
}

async function isGranted(t: Test, { aws }: Person, { code, stdout, stderr }: Finished, what: string): Promise<void> {
  t.equal(code, 0, `${what}: ${stderr}`)
  t.match(await callerOf(aws, stdout), /assumed-role/, what)
}

t.test('anything but a file at the path of the cache or of its lock is a warning at once', async (t) => {
  for (const suffix of ['', '.held']) {
    for (const kind of ODD_KINDS) {
      const person = await start(t)
      await makeOddFile(t, kind, `${person.cache}${suffix}`)
      const started = performance.now()
      const run = await person.token()
      t.ok(performance.now() - started < GRACE_MS, kind)
      await isGranted(t, person, run, `${kind}${suffix}`)
      t.match(
        run.stderr,
        /^unable to use cache: \S+credentials\.yaml\S*: it is a [^\n]+: delete it\n$/,
        `${kind}${suffix}`,
      )
    }
  }
})

/** A YAML comment of that many bytes. */
function commentOf(bytes: number): string {
  return `# ${'x'.repeat(bytes - 3)}\n`
}

t.test('a cache of more than 4 MiB is a warning', async (t) => {
  const person = await start(t)
  writeFileSync(person.cache, commentOf(4 * 1024 * 1024 + 1), { mode: 0o600 })
  const { stderr } = await person.token()
  t.match(stderr, /^unable to use cache: \S+: it has 4194305 bytes: the limit is 4194304: delete it\n$/)
  writeFileSync(person.cache, commentOf(4 * 1024 * 1024 - 4096), { mode: 0o600 })
  t.equal((await person.token()).stderr, '')
})

const skipUnlessRoot = process.geteuid?.() === 0 ? false : 'only root can give a folder to another user'

t.test('a folder of another user is a warning, one of root is not', { skip: skipUnlessRoot }, async (t) => {
  const person = await start(t)
  const folder = dirname(person.cache)
  chmodSync(folder, 0o700)
  chownSync(folder, 4_321, 4_321)
  for (const round of ['without a file', 'with one']) {
    const run = await person.token()
    await isGranted(t, person, run, round)
    t.match(run.stderr, /^unable to use cache: \S+ belongs to another user \(uid 4321\): set AWS_IAM[^\n]+\n$/, round)
    writeFileSync(person.cache, '', { mode: 0o600 })
  }
  chownSync(folder, 0, 0)
  t.equal((await person.token()).stderr, '')
})

t.test('the flock of the Go program is awaited for at most a second', { skip }, async (t) => {
  const person = await start(t)
  t.equal((await person.token('first')).stderr, '')
  const before = readFileSync(person.cache, 'utf8')
  const holder = await hold(t, person.cache)
  const started = performance.now()
  const held = await person.token('second')
  const took = performance.now() - started
  await isGranted(t, person, held, 'held')
  t.match(held.stderr, /^unable to use cache: another process holds the lock of \S+credentials\.yaml\n$/)
  t.ok(took >= 1_000 && took < 1_000 + GRACE_MS, `${took} ms`)
  t.equal(readFileSync(person.cache, 'utf8'), before, 'nothing is written')

  const calls = asked(person.aws).length
  t.equal((await person.token('first')).stderr, '', 'what is in the cache is read without a lock')
  t.equal(asked(person.aws).length, calls)
  await holder.release()
  t.equal((await person.token('second')).stderr, '')
  t.not(readFileSync(person.cache, 'utf8'), before)
})

t.test('a file that the Go program is writing is read when it is complete', { skip }, async (t) => {
  const person = await start(t)
  t.equal((await person.token()).stderr, '')
  const whole = readFileSync(person.cache, 'utf8')
  writeFileSync(`${person.cache}.whole`, whole, { mode: 0o600 })
  const calls = asked(person.aws).length
  await hold(t, person.cache, 'echo "clusters: [half" >"$1"; echo half; sleep 0.4; cat "$1.whole" >"$1"')
  await setTimeout(100)
  t.equal(readFileSync(person.cache, 'utf8'), 'clusters: [half\n')
  t.equal((await person.token()).stderr, '')
  t.equal(asked(person.aws).length, calls, 'it is found in the cache')
})

t.test('neither program loses the entries of the other', { skip }, async (t) => {
  const person = await start(t)
  writeFileSync(person.cache, 'count: 0\n', { mode: 0o600 })
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      await once(spawn('sh', ['-c', TURN, 'sh', person.cache], { stdio: ['ignore', 'ignore', 'inherit'] }), 'close')
    }
  }
  const running = turns()
  const runs: Finished[] = []
  for (let index = 0; index < PROCESSES; index += 2) {
    runs.push(...(await Promise.all([person.token(`session${index}`), person.token(`session${index + 1}`)])))
  }
  await running
  for (const run of runs) await isGranted(t, person, run, 'a token')
  const kept = runs.filter(({ stderr }) => stderr === '').length
  t.ok(kept > PROCESSES / 2, `${kept} could write`)
  const file: unknown = parse(readFileSync(person.cache, 'utf8'))
  t.equal(property(file, 'count'), TURNS)
  const entries = property(file, 'aws-iam-authenticator')
  t.equal(isRecord(entries) && Object.keys(entries).length, kept)
})
