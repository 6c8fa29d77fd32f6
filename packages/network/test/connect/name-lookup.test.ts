import type { LookupAddress, LookupOptions } from 'node:dns'
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { createNameLookup } from '../../src/connect/name-lookup.ts'

const ADDRESSES: LookupAddress[] = [
  { address: '192.0.2.1', family: 4 },
  { address: '192.0.2.2', family: 4 },
]

/** A resolver that answers on demand and records its lookups. */
function createResolver() {
  const open = new Map<string, { resolve(addresses: LookupAddress[]): void; reject(error: Error): void }>()
  const asked: string[] = []
  const lookup = createNameLookup((name) => {
    asked.push(name)
    return new Promise((resolve, reject) => open.set(name, { resolve, reject }))
  }, 20)
  const look = (name: string, options: LookupOptions = { all: true }): Promise<unknown> =>
    new Promise((resolve) =>
      lookup(name, options, (error, ...found) => resolve(error === null ? found : (error.code ?? error.message))),
    )
  /** A lookup that reached the resolver. */
  const begun = async (name: string, options?: LookupOptions): Promise<{ readonly outcome: Promise<unknown> }> => {
    const outcome = look(name, options)
    await setImmediate()
    return { outcome }
  }
  const answer = (name: string, addresses = ADDRESSES): void => open.get(name)?.resolve(addresses)
  const fail = (name: string, code: string): void => open.get(name)?.reject(Object.assign(new Error(code), { code }))
  return { asked, look, begun, answer, fail }
}

void test('all addresses or the first one, as requested', async (t) => {
  const { begun, answer } = createResolver()
  const all = await begun('sts')
  answer('sts')
  t.same(await all.outcome, [ADDRESSES])
  const one = await begun('sts', {})
  answer('sts')
  t.same(await one.outcome, ['192.0.2.1', 4])
})

void test('concurrent lookups of one name share one query', async (t) => {
  const { asked, begun, answer, look } = createResolver()
  const first = await begun('sts')
  const others = [look('sts'), look('sts')]
  answer('sts')
  t.same(await Promise.all([first.outcome, ...others]), [[ADDRESSES], [ADDRESSES], [ADDRESSES]])
  t.same(asked, ['sts'])
})

void test('new names wait for each other, and known names wait for none of them', async (t) => {
  const { asked, begun, answer, fail } = createResolver()
  const known = await begun('known')
  answer('known')
  await known.outcome
  const invented = await begun('invented-1')
  const second = await begun('invented-2')
  const again = await begun('known')
  t.same(asked, ['known', 'invented-1', 'known'])
  answer('known')
  t.same(await again.outcome, [ADDRESSES])
  fail('invented-1', 'ENOTFOUND')
  t.equal(await invented.outcome, 'ENOTFOUND')
  await setImmediate()
  t.equal(asked.at(-1), 'invented-2')
  answer('invented-2')
  t.same(await second.outcome, [ADDRESSES])
})

void test('hosts of possibly invented regions wait for each other, and no other name waits for them', async (t) => {
  const { asked, begun, answer, look } = createResolver()
  await begun('sts.us-nowhere-0.amazonaws.com')
  for (let count = 1; count <= 16; count += 1) void look(`sts-fips.us-nowhere-${count}.amazonaws.com`)
  t.equal(await look('sts.us-nowhere-17.amazonaws.com'), 'EAI_AGAIN')
  for (const name of ['sts.eu-west-3.amazonaws.com', 'sts.amazonaws.com', 'ec2.eu-west-3.amazonaws.com', 'api.local']) {
    const first = await begun(name)
    answer(name)
    t.same(await first.outcome, [ADDRESSES], name)
  }
  t.equal(asked.length, 5)
})

void test('a lookup fails at once if too many wait', async (t) => {
  const { asked, begun, look } = createResolver()
  await begun('invented')
  for (let count = 0; count < 16; count += 1) void look(`invented-${count}`)
  t.equal(await look('one-more'), 'EAI_AGAIN')
  t.same(asked, ['invented'])
})

void test('a known name keeps its last addresses while DNS does not answer, until DNS says that it is gone', async (t) => {
  const { begun, answer, fail, look } = createResolver()
  const first = await begun('sts')
  answer('sts')
  await first.outcome
  t.same(await look('sts'), [ADDRESSES], 'no answer')
  fail('sts', 'EAI_AGAIN')
  await setImmediate()
  const failed = await begun('sts')
  fail('sts', 'EAI_AGAIN')
  t.same(await failed.outcome, [ADDRESSES], 'no resolver')
  const gone = await begun('sts')
  fail('sts', 'ENOTFOUND')
  t.equal(await gone.outcome, 'ENOTFOUND')
  const moved = await begun('sts')
  answer('sts', [{ address: '192.0.2.9', family: 4 }])
  t.same(await moved.outcome, [[{ address: '192.0.2.9', family: 4 }]])
})

void test('of many known names, the least recently used count as new', async (t) => {
  const { asked, begun, answer } = createResolver()
  for (let count = 0; count <= 256; count += 1) {
    const found = await begun(`name-${count}`)
    answer(`name-${count}`)
    await found.outcome
  }
  await begun('hangs')
  const before = asked.length
  await begun('name-0')
  t.equal(asked.length, before, 'waits among the new ones')
  await begun('name-1')
  t.equal(asked.at(-1), 'name-1', 'does not')
})
