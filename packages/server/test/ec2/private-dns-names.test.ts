import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { TemplateFault } from '@aws-iam-authenticator/core/mapping/template'
import { test } from 'tap'
import type { DescribeInstances } from '../../src/ec2/describe-instances.ts'
import { Ec2Error } from '../../src/ec2/ec2-error.ts'
import type { Instance } from '../../src/ec2/instances.ts'
import {
  createPrivateDnsNames,
  MAX_NAMES,
  MAX_UNDER_WAY,
  type LookUpPrivateDnsName,
} from '../../src/ec2/private-dns-names.ts'
import { virtualTiming, type VirtualTiming } from '../virtual-timing.ts'

interface Lookup {
  readonly timing: VirtualTiming
  readonly lookUp: LookUpPrivateDnsName
  /** The requested instances by time. */
  readonly calls: { readonly at: number; readonly ids: readonly string[] }[]
  readonly counted: () => number
}

function running(id: string): Instance {
  return { id, privateDnsName: `${id}.internal`, state: 'running' }
}

function createLookup(options: { describe?: DescribeInstances; qps?: number; burst?: number } = {}): Lookup {
  const { qps = 15, burst = 5 } = options
  const timing = virtualTiming()
  const calls: Lookup['calls'] = []
  let counted = 0
  const lookUp = createPrivateDnsNames({
    describe: async (ids, ...more) => {
      calls.push({ at: timing.now(), ids })
      return options.describe?.(ids, ...more) ?? { instances: ids.map(running), nextToken: null }
    },
    qps,
    burst,
    onCall: () => (counted += 1),
    timing,
  })
  return { timing, lookUp, calls, counted: () => counted }
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `i-${String(index).padStart(8, '0')}`)
}

void test('a hundred ids at once are one call; a hundred and one are two, the second after 200 ms', async (t) => {
  const { timing, lookUp, calls, counted } = createLookup()
  const wanted = ids(101)
  const names = Promise.all(wanted.map(lookUp))
  await timing.advance(0)
  t.same(
    calls.map((call) => [call.at, call.ids.length]),
    [[0, 100]],
  )
  await timing.advance(200)
  t.match(calls[1], { at: 200, ids: wanted.slice(100) })
  t.same(
    await names,
    wanted.map((id) => `${id}.internal`),
  )
  t.equal(counted(), 2)
})

void test('concurrent requests for an id share one query, and its answer is kept', async (t) => {
  const { timing, lookUp, calls } = createLookup()
  const together = Promise.all([lookUp('i-12345678'), lookUp('i-12345678')])
  await timing.advance(200)
  t.same(await together, ['i-12345678.internal', 'i-12345678.internal'])
  t.equal(await lookUp('i-12345678'), 'i-12345678.internal')
  t.same(calls, [{ at: 200, ids: ['i-12345678'] }])
})

void test('remembered names are limited: the oldest are removed', async (t) => {
  const { timing, lookUp, calls } = createLookup({ qps: 1_000, burst: 1_000 })
  const wanted = ids(MAX_NAMES + 1)
  for (let from = 0; from < wanted.length; from += MAX_UNDER_WAY) {
    const names = Promise.all(wanted.slice(from, from + MAX_UNDER_WAY).map(lookUp))
    await timing.advance(200)
    await names
  }
  const before = calls.length
  const last = [wanted[1], wanted[MAX_NAMES], wanted[0]].map((id) => lookUp(id ?? ''))
  await timing.advance(200)
  await Promise.all(last)
  t.same(
    calls.slice(before).map((call) => call.ids),
    [[wanted[0]]],
  )
})

void test('the number of lookups at once is limited by what EC2 can answer', async (t) => {
  const { timing, lookUp } = createLookup({ describe: () => new Promise(() => undefined) })
  const wanted = ids(MAX_UNDER_WAY + 1)
  const answers = wanted.map(lookUp)
  t.match(await answers[MAX_UNDER_WAY], { reason: 'ec2_unavailable', message: /already/ })
  await timing.advance(10_000)
  t.notMatch(await answers[0], { message: /already/ })
  await Promise.all(answers)
  const next = lookUp('i-12345678')
  await timing.advance(10_000)
  t.notMatch(await next, { message: /already/ }, 'and there is room again')
})

void test('instances without a name are not remembered; only requested instances count', async (t) => {
  let instances: Instance[] = [running('i-99999999')]
  const { timing, lookUp, calls } = createLookup({ describe: async () => ({ instances, nextToken: null }) })
  const ask = async (): Promise<string | TemplateFault | Refusal> => {
    const answer = lookUp('i-12345678')
    await timing.advance(200)
    return await answer
  }
  t.ok((await ask()) instanceof TemplateFault, 'not known')
  const states = ['running', 'terminated', 'stopped', '']
  for (const state of states) {
    instances = [{ id: 'i-12345678', privateDnsName: '', state }]
    t.ok((await ask()) instanceof TemplateFault, state)
  }
  instances = [{ id: 'i-12345678', privateDnsName: '', state: 'pending' }]
  t.match(await ask(), new Refusal('ec2_unavailable', 'the instance is pending and has no private DNS name yet'))
  for (const privateDnsName of ['{{SessionName}}', '-a', 'a-', 'a b', 'a\nb', 'a:b', 'a'.repeat(254)]) {
    instances = [{ id: 'i-12345678', privateDnsName, state: 'running' }]
    t.ok((await ask()) instanceof TemplateFault, privateDnsName)
  }
  instances = [running('i-12345678')]
  t.equal(await ask(), 'i-12345678.internal')
  t.equal(calls.length, 14)
})

void test('pages are read until there is none left or all instances are found', async (t) => {
  const pages: (string | null)[] = []
  const { timing, lookUp } = createLookup({
    describe: async ([id = ''], nextToken) => {
      pages.push(nextToken)
      // A page may be empty and not the last.
      if (pages.length < 3) return { instances: [], nextToken: `page ${pages.length}` }
      return { instances: [running(id)], nextToken: 'one more' }
    },
  })
  const name = lookUp('i-12345678')
  await timing.advance(200)
  t.equal(await name, 'i-12345678.internal')
  t.same(pages, [null, 'page 1', 'page 2'])
})

void test('calls respect qps and burst, and callers that would wait too long fail at once', async (t) => {
  const { timing, lookUp, calls } = createLookup({ qps: 2, burst: 3 })
  const outcomes = ids(2000).map(lookUp)
  await timing.advance(0)
  t.equal(calls.length, 3, 'the burst')
  await timing.advance(10_000)
  // 4.8 s at 2 a second after the burst.
  t.equal(calls.length, 3 + 9)
  for (const { at } of calls) {
    const second = calls.filter((call) => call.at >= at && call.at < at + 1000)
    t.ok(second.length <= 2 + 3)
  }
  const told = await Promise.all(outcomes)
  t.equal(told.filter((outcome) => typeof outcome === 'string').length, 1200)
  t.equal(told.filter((outcome) => outcome instanceof Refusal).length, 800)
  t.match(told.at(-1), { reason: 'ec2_unavailable' })
})

void test('temporary failures are retried with growing delays', async (t) => {
  for (const code of ['throttled', 'unreachable'] as const) {
    let failures = 4
    const { timing, lookUp, calls, counted } = createLookup({
      describe: async ([id = '']) => {
        failures -= 1
        if (failures >= 0) throw new Ec2Error(code, 'not now')
        return { instances: [running(id)], nextToken: null }
      },
    })
    const name = lookUp('i-12345678')
    await timing.advance(5000)
    t.equal(await name, 'i-12345678.internal')
    const waits = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0))
    for (const [index, wait] of waits.entries()) {
      t.ok(wait >= 50 * 2 ** index && wait <= 100 * 2 ** index, `${wait} ms`)
    }
    t.equal(counted(), 5, 'each try is a call')
  }
})

void test('permanent failures are not retried', async (t) => {
  for (const code of ['refused', 'bad_answer', 'no_access'] as const) {
    const { timing, lookUp, calls } = createLookup({
      describe: () => Promise.reject(new Ec2Error(code, 'never')),
    })
    const outcome = lookUp('i-12345678')
    await timing.advance(200)
    t.match(await outcome, { reason: 'ec2_unavailable', message: 'never' })
    t.equal(calls.length, 1)
  }
})

void test('waiting ends 5 s after the request', async (t) => {
  const signals: AbortSignal[] = []
  const { timing, lookUp } = createLookup({
    describe: (_ids, _nextToken, signal) => {
      signals.push(signal)
      return new Promise<never>(() => undefined)
    },
  })
  let outcome: unknown
  void lookUp('i-12345678').then((value) => (outcome = value))
  await timing.advance(4999)
  t.equal(outcome, undefined)
  t.equal(signals[0]?.aborted, false)
  await timing.advance(1)
  t.match(outcome, { reason: 'ec2_unavailable' })
  t.equal(signals[0]?.aborted, true, 'the call is given up too')
  void lookUp('i-12345678')
  await timing.advance(200)
  t.equal(signals.length, 2, 'the next login asks again')
})

void test('a bug is not a refusal', async (t) => {
  const { timing, lookUp } = createLookup({ describe: () => Promise.reject(new RangeError('bug')) })
  const outcome = t.rejects(lookUp('i-12345678'), RangeError)
  await timing.advance(200)
  await outcome
})
