import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { ROLE_ARN, roles, USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { COMMAND, finish, spawnCommand, type Environment, type Finished } from './harness/command.ts'
import { callerOf, CLUSTER_ID, personAtHome } from './harness/token.ts'

const PROCESSES = 50
const PEOPLE = 5
// A start of Node.js takes several times that of the executable, and this test is about the file.
const ROUNDS = COMMAND.length === 1 ? 20 : 4
const LEAST_ROUNDS = 4
const LONGEST_MS = 40_000
// Long enough for some to complete on an idle machine.
const LONGEST_LIFE_MS = COMMAND.length === 1 ? 1000 : 3000
const SEED = 20_240_229
const SECRET_MEMBERS = ['accessKeyId', 'expiration', 'secretAccessKey', 'sessionToken']

/** A generator of numbers from 0 to 1 with a fixed sequence (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Crowd {
  readonly aws: SandboxAws
  readonly home: string
  readonly cache: string
  /** Starts one process for one person. */
  spawn(index: number): ReturnType<typeof spawnCommand>
}

function nameOf(index: number): string {
  return `person${index % PEOPLE}`
}

async function start(t: Test): Promise<Crowd> {
  const people = new Map<string, Identity>()
  for (let index = 0; index < PEOPLE; index += 1) {
    const arn = `arn:aws:iam::111122223333:user/person${index}`
    people.set(`AKIAPERSON${index}`, { ...USER, arn, userId: `AIDAPERSON${index}`, secretAccessKey: `secret${index}` })
  }
  const aws = await startSandboxAws({ identities: people, roles })
  t.teardown(() => aws.close())
  const person = personAtHome(t, {}, aws.environment)
  const home = person['HOME'] ?? ''
  return {
    aws,
    home,
    cache: join(home, '.kube/cache/aws-iam-authenticator/credentials.yaml'),
    spawn(index) {
      const keys: Environment = {
        AWS_ACCESS_KEY_ID: `AKIAPERSON${index % PEOPLE}`,
        AWS_SECRET_ACCESS_KEY: `secret${index % PEOPLE}`,
      }
      // STS identifies a caller by the session name, so each person has their own.
      const args = ['token', '-i', CLUSTER_ID, '--token-only', '--cache', '-r', ROLE_ARN, '-s', nameOf(index)]
      return spawnCommand(args, { environment: { ...person, ...keys } })
    },
  }
}

/** The entries of the cache file. Throws if it is incomplete. */
function entriesOf(cache: string): readonly unknown[] {
  let text: string
  try {
    text = readFileSync(cache, 'utf8')
  } catch {
    return []
  }
  const file: unknown = parse(text)
  if (file === null) return []
  const entries = property(file, 'aws-iam-authenticator')
  if (!isRecord(entries)) throw new TypeError('the cache has no entries')
  return Object.values(entries)
}

async function check(t: Test, crowd: Crowd, index: number, { code, stdout, stderr }: Finished): Promise<void> {
  if (code !== 0) {
    t.fail(`a process failed: ${stderr}`)
    return
  }
  if (!/^(unable to use cache: [^\n]+\n)?$/.test(stderr)) t.fail(`unexpected words: ${stderr}`)
  const caller = await callerOf(crowd.aws, stdout)
  if (!caller.endsWith(`/${nameOf(index)}`)) t.fail(`${nameOf(index)} got the credentials of ${caller}`)
}

function checkFile(t: Test, cache: string): void {
  const entries = entriesOf(cache)
  t.ok(entries.length <= PEOPLE, `${entries.length} entries`)
  for (const entry of entries) t.same(isRecord(entry) && Object.keys(entry).sort(), SECRET_MEMBERS)
}

/** Starts fifty, and yields to the event loop between them: this process is also their STS and kills them. */
async function startAll<T>(start: (index: number) => Promise<T>): Promise<T[]> {
  const started: Promise<T>[] = []
  for (let index = 0; index < PROCESSES; index += 1) {
    started.push(start(index))
    await setImmediate()
  }
  return Promise.all(started)
}

async function finishOrDie(child: ReturnType<typeof spawnCommand>, lifeMs: number): Promise<Finished> {
  const timer = setTimeout(() => child.kill('SIGKILL'), lifeMs)
  const finished = await finish(child)
  clearTimeout(timer)
  return finished
}

t.test('fifty concurrent processes: each has its own credentials, and the file is valid', async (t) => {
  const crowd = await start(t)
  const finished = await startAll((index) => finish(crowd.spawn(index)))
  for (const [index, one] of finished.entries()) await check(t, crowd, index, one)
  checkFile(t, crowd.cache)
  t.equal(entriesOf(crowd.cache).length, PEOPLE, 'nobody is missing')
})

t.test('the same, each killed at a random moment: the file is valid, and the next process works', async (t) => {
  const crowd = await start(t)
  const next = random(SEED)
  const began = performance.now()
  let killed = 0
  let rounds = 0
  while (rounds < ROUNDS && (rounds < LEAST_ROUNDS || performance.now() - began < LONGEST_MS)) {
    const finished = await startAll((index) => finishOrDie(crowd.spawn(index), next() * LONGEST_LIFE_MS))
    for (const [index, one] of finished.entries()) {
      if (one.signal === 'SIGKILL') killed += 1
      else await check(t, crowd, index, one)
    }
    entriesOf(crowd.cache)
    await check(t, crowd, rounds, await finish(crowd.spawn(rounds)))
    // Every other round starts with an empty cache, so that writing is interrupted.
    if (rounds % 2 === 0) await finish(spawnCommand(['cache', 'clear'], { environment: { HOME: crowd.home } }))
    rounds += 1
  }
  checkFile(t, crowd.cache)
  t.ok(killed > 0, `${killed} of ${PROCESSES * rounds} were killed before their end, in ${rounds} rounds`)
})
