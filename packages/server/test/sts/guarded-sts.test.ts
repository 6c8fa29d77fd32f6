import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { StsRequest } from '@aws-iam-authenticator/core/token/presigned-url'
import { test } from 'tap'
import type { AskSts } from '../../src/sts/sts-client.ts'
import { createGuardedSts, type GuardedSts } from '../../src/sts/guarded-sts.ts'
import { MAX_QUEUED, MAX_QUEUED_IN_ALL } from '../../src/sts/hosts.ts'
import { NoAnswer } from '../../src/sts/no-answer.ts'
import { readRetryAfter } from '../../src/sts/retry-after.ts'
import { virtualTiming, type VirtualTiming } from '../virtual-timing.ts'

const OWN = 'sts.us-east-1.amazonaws.com'

function requestTo(host: string): StsRequest {
  return { host, region: host, query: '', accessKeyId: 'AKIA', signedAt: new Date(0) }
}

function guard(askSts: AskSts): GuardedSts & { readonly timing: VirtualTiming } {
  const timing = virtualTiming()
  return { ...createGuardedSts({ askSts, isTrusted: (host) => host === OWN, timing }), timing }
}

async function reasonOf(outcome: ReturnType<AskSts>): Promise<string> {
  const settled = await outcome
  return settled instanceof Refusal ? settled.reason : settled
}

const ask = ({ askSts }: GuardedSts, host: string): Promise<string> => reasonOf(askSts(requestTo(host)))

async function askMany(guarded: GuardedSts, hosts: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const outcome of await Promise.all(hosts.map((host) => ask(guarded, host)))) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  return counts
}

const invented = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, number) => `sts.xx-nowhere-${number}.amazonaws.com`)

void test('invented hosts share a small rate, and do not affect the others', async (t) => {
  const asked: string[] = []
  const guarded = guard(async ({ host }) => {
    asked.push(host)
    return host === OWN ? 'ok' : new NoAnswer('ENOTFOUND', true)
  })
  t.same(
    await askMany(guarded, invented(1_000)),
    new Map([
      ['sts_unreachable', 20],
      ['overloaded', 980],
    ]),
  )
  await guarded.timing.advance(1_000)
  t.same(
    await askMany(guarded, invented(1_000)),
    new Map([
      ['overloaded', 995],
      ['sts_unreachable', 5],
    ]),
  )
  t.equal(asked.length, 25)
  t.same(await askMany(guarded, Array<string>(500).fill(OWN)), new Map([['ok', 500]]))
})

void test('a first login through any published host is granted during 2,000 invented regions a second', async (t) => {
  const guarded = guard(async ({ host }) => (host.includes('nowhere') ? new NoAnswer('ENOTFOUND', true) : 'ok'))
  const regions = ['eu-west-3', 'sa-east-1', 'us-gov-west-1', 'us-west-2']
  const unused = [
    'sts.amazonaws.com',
    ...regions.flatMap((region) => [`sts.${region}.amazonaws.com`, `sts.${region}.api.aws`]),
    'sts-fips.us-west-2.amazonaws.com',
  ]
  for (const host of unused) {
    // 0.1 s of it.
    await askMany(guarded, invented(200))
    t.equal(await ask(guarded, host), 'ok', host)
    await guarded.timing.advance(100)
  }
  await askMany(guarded, invented(200))
  t.equal(await ask(guarded, 'sts.us-brandnew-1.amazonaws.com'), 'overloaded', 'an unknown region has no such claim')
  await guarded.timing.advance(1_000)
  t.equal(await ask(guarded, 'sts.us-brandnew-1.amazonaws.com'), 'ok', 'and works where nobody floods')
})

void test('a published host that does not answer is tried four times at once, then once a second', async (t) => {
  const host = 'sts-fips.af-south-1.amazonaws.com'
  let calls = 0
  const guarded = guard(async () => {
    calls += 1
    await new Promise((resolve) => setImmediate(resolve))
    return new NoAnswer('ENOTFOUND', true)
  })
  await askMany(guarded, Array<string>(4).fill(host))
  for (let login = 0; login < 100; login += 1) t.equal(await ask(guarded, host), 'sts_unreachable')
  t.equal(calls, 5)
  for (let second = 0; second < 3; second += 1) {
    await guarded.timing.advance(1_000)
    await askMany(guarded, Array<string>(500).fill(host))
  }
  t.equal(calls, 8)
})

/** The number of outcomes that are already rejected. */
async function rejected(outcomes: readonly Promise<string>[]): Promise<number> {
  const pending = Promise.resolve('pending')
  const settled = await Promise.all(outcomes.map((outcome) => Promise.race([outcome, pending])))
  return settled.filter((outcome) => outcome === 'overloaded').length
}

void test('hanging hosts take no capacity from proven ones, nor invented hosts from published ones', async (t) => {
  const guarded = guard(() => new Promise(() => undefined))
  const queue = (host: string): Promise<string>[] => Array.from({ length: 3_000 }, () => ask(guarded, host))
  const [unknown, alsoUnknown] = [queue('sts.xx-nowhere-1.amazonaws.com'), queue('sts.xx-nowhere-2.amazonaws.com')]
  const published = queue('sts.eu-west-1.amazonaws.com')
  const proven = queue(OWN)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(await rejected([...unknown, ...alsoUnknown]), 6_000 - 4 - 4 - MAX_QUEUED_IN_ALL.unknown)
  t.equal(await rejected(published), 3_000 - 4 - MAX_QUEUED_IN_ALL.published)
  t.equal(await rejected(proven), 3_000 - 32 - MAX_QUEUED)
})

void test('the first login proves a host, and waiting logins continue', async (t) => {
  const host = 'sts.eu-west-1.amazonaws.com'
  let most = 0
  let now = 0
  const guarded = guard(async () => {
    now += 1
    most = Math.max(most, now)
    await new Promise((resolve) => setImmediate(resolve))
    now -= 1
    guarded.prove(host)
    return 'ok'
  })
  t.same(await askMany(guarded, Array<string>(300).fill(host)), new Map([['ok', 300]]))
  t.ok(most >= 32 && most <= 128, `${most} at once`)
})

void test('a hanging host does not delay others, and calls over its limit are rejected', async (t) => {
  const guarded = guard(({ host }) => (host === OWN ? Promise.resolve('ok') : new Promise(() => undefined)))
  guarded.prove('never asked')
  const hanging = 'sts.eu-west-1.amazonaws.com'
  const outcomes = Array.from({ length: 2_000 }, () => ask(guarded, hanging))
  t.same(await askMany(guarded, Array<string>(100).fill(OWN)), new Map([['ok', 100]]))
  t.same(guarded.counts(), { inFlight: 4, queued: 512, openBreakers: 0 })
  await guarded.timing.advance(2_000)
  const given = await Promise.all(outcomes.slice(4))
  t.same(new Set(given), new Set(['overloaded']))
  t.same(guarded.counts(), { inFlight: 4, queued: 0, openBreakers: 0 })
})

void test('a host that does not answer is paused, and used again once it is back', async (t) => {
  let isBack = false
  let calls = 0
  const guarded = guard(async () => {
    calls += 1
    return isBack ? 'ok' : new NoAnswer('ECONNREFUSED', true)
  })
  for (let login = 0; login < 100; login += 1) t.equal(await ask(guarded, OWN), 'sts_unreachable')
  t.equal(calls, 5)
  t.equal(guarded.counts().openBreakers, 1)
  isBack = true
  await guarded.timing.advance(1_000)
  t.equal(await ask(guarded, OWN), 'ok')
  t.same(await askMany(guarded, Array<string>(50).fill(OWN)), new Map([['ok', 50]]))
})

void test('connections lost after the request was sent do not close a host: the sender may cause them', async (t) => {
  let calls = 0
  const guarded = guard(async () => {
    calls += 1
    return calls % 20 === 0 ? 'ok' : new NoAnswer('other side closed', false)
  })
  for (let login = 1; login < 20; login += 1) t.equal(await ask(guarded, OWN), 'sts_unreachable')
  t.equal(await ask(guarded, OWN), 'ok')
  t.same([calls, guarded.counts().openBreakers], [20, 0])
})

void test('an error of STS is an answer', async (t) => {
  const guarded = guard(async () => new Refusal('sts_unreachable', 'status 500'))
  for (let login = 0; login < 20; login += 1) await ask(guarded, OWN)
  t.equal(guarded.counts().openBreakers, 0)
})

void test('nonexistent hosts are forgotten, and a flood of them does not affect other callers', async (t) => {
  const guarded = guard(async ({ host }) => (host === OWN ? 'ok' : new NoAnswer('ENOTFOUND', true)))
  for (let second = 0; second < 100; second += 1) {
    for (const host of invented(100)) await ask(guarded, `${second}${host}`)
    await guarded.timing.advance(1_000)
  }
  for (const host of invented(9_000)) await ask(guarded, host)
  t.equal(await ask(guarded, OWN), 'ok')
})

void test('Retry-After is passed on within limits', async (t) => {
  const headers = [undefined, '3', '0', '600', 'Wed, 21 Oct 2026 07:28:00 GMT', '-1', ['3', '4']]
  t.same(headers.map(readRetryAfter), [1, 3, 1, 10, 1, 1, 1])
})
