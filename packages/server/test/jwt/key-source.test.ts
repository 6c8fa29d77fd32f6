import { setImmediate } from 'node:timers/promises'
import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import { createTokenIssuer, type TokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { test } from 'tap'
import { createKeySource, type KeySource } from '../../src/jwt/key-source.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'
import { virtualTiming, type VirtualTiming } from '../virtual-timing.ts'

interface Setting {
  readonly issuer: TokenIssuer
  readonly source: KeySource
  readonly timing: VirtualTiming
  readonly lines: RecordedLine[]
  readonly reads: boolean[]
}

function setUp(): Setting {
  const issuer = createTokenIssuer('a')
  const timing = virtualTiming()
  const { log, lines } = recordedLog()
  const reads: boolean[] = []
  const location = { source: 'config.yaml', line: 1, column: 1 }
  const source = createKeySource({
    issuer: { url: issuer.url, accounts: ['111122223333'], jwksFile: null, location },
    dispatcher: new InProcessDispatcher(issuer.handle),
    userAgent: 'test',
    log,
    now: () => new Date('2026-03-04T05:06:07Z'),
    timing,
    onRead: (_issuer, succeeded) => void reads.push(succeeded),
  })
  return { issuer, source, timing, lines, reads }
}

/** Lets what is under way come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
}

void test('keys are fetched at the start and every five minutes; one log line for each change', async (t) => {
  const { issuer, source, timing, lines, reads } = setUp()
  t.equal(source.current(), null)
  source.start()
  await settle()
  t.equal(source.current()?.size, 2)
  t.match(source.report(), { issuer: issuer.url, keys: 2, updatedAt: '2026-03-04T05:06:07.000Z', fault: null })
  const { length } = issuer.requests
  await timing.advance(299_000)
  t.equal(issuer.requests.length, length)
  const before = source.current()
  await timing.advance(1_000)
  await settle()
  t.equal(issuer.requests.length, length + 1)
  t.equal(source.current(), before, 'the same document keeps its keys')
  t.strictSame(reads, [true, true])
  t.same(
    lines.map(({ message }) => message),
    ['the keys of an issuer are loaded'],
  )
  await source.stop()
})

void test('a failure keeps the last good keys, and is tried again after 10 s', async (t) => {
  const { issuer, source, timing, lines } = setUp()
  source.start()
  await settle()
  const good = source.current()
  await timing.advance(10_000)
  for (const [fault, said] of [
    ['reset', /^jwks\.json can't be reached/],
    [{ status: 500, headers: {}, body: '' }, /^jwks\.json answered with status 500$/],
    [{ status: 302, headers: { location: 'https://example.com' }, body: '' }, /answered with status 302$/],
    [{ status: 200, headers: {}, body: 'x'.repeat(64 * 1024 + 1) }, /is longer than 65536 bytes$/],
    [{ status: 200, headers: {}, body: 'x'.repeat(64 * 1024) }, /is not a JSON Web Key Set/],
    [{ status: 200, headers: {}, body: '{"keys":[]}' }, /has no key for RS256 or ES384$/],
  ] as const) {
    issuer.fault = fault
    await source.refresh()
    t.match(source.report().fault, said)
    t.equal(source.current(), good, 'the keys stay')
    await timing.advance(10_000)
    await settle()
  }
  issuer.fault = undefined
  await source.refresh()
  t.equal(source.report().fault, null)
  t.equal(lines.at(-1)?.message, 'the keys of an issuer are loaded')
  await source.stop()
})

void test('unknown keys cause at most one fetch in 10 s', async (t) => {
  const { issuer, source, timing } = setUp()
  source.start()
  await settle()
  t.equal(issuer.requests.length, 1)
  await Promise.all(Array.from({ length: 100 }, () => source.refresh()))
  t.equal(issuer.requests.length, 1)
  await timing.advance(10_000)
  await Promise.all(Array.from({ length: 100 }, () => source.refresh()))
  t.equal(issuer.requests.length, 2)
  await source.refresh()
  t.equal(issuer.requests.length, 2)
  await source.stop()
})
