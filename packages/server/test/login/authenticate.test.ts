import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import { test } from 'tap'
import { createAuthenticate, type AuthenticateOptions } from '../../src/login/authenticate.ts'
import { createRefusalLog } from '../../src/log/bounded-refusals.ts'
import type { Verified } from '../../src/login/verify.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

const ORIGIN = { path: '/authenticate', client: 'c', method: 'POST' }

const ACCOUNT = '111122223333'
const identity: Identity = {
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/eve`,
  canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Reader`,
  kind: 'role',
  accountId: ACCOUNT,
  userId: 'AROAREADER',
  sessionName: 'eve',
  accessKeyId: 'ASIAEVE',
}
const stsHost = 'sts.us-east-1.amazonaws.com'
const mapped: Mapped = { username: `u-${ACCOUNT}`, groups: ['g-ASIAEVE'], backend: 'MountedFile', entry: null }
const review = { apiVersion: 'authentication.k8s.io/v1', token: 'k8s-aws-v1.a token', audiences: [] }

function setUp(options: Partial<AuthenticateOptions> = {}): {
  readonly authenticate: ReturnType<typeof createAuthenticate>
  readonly lines: RecordedLine[]
} {
  const { log, lines } = recordedLog()
  const authenticate = createAuthenticate({
    verify: () => Promise.resolve({ identity, stsHost, isRemembered: false }),
    verifyJwt: null,
    map: () => mapped,
    indexes: () => [],
    nearestMisses: () => [],
    suggestMapping: () => null,
    scrubbedAccounts: new Set(),
    apiAudiences: null,
    log,
    logRefusal: createRefusalLog(log, () => 0),
    onDecision: () => undefined,
    ...options,
  })
  return { authenticate, lines }
}

void test('a verified and mapped caller is accepted, and the log has two lines', async (t) => {
  const { authenticate, lines } = setUp()
  t.match(await authenticate(review, ORIGIN, '127.0.0.1'), {
    user: { username: mapped.username, uid: `aws-iam-authenticator:${ACCOUNT}:AROAREADER`, groups: mapped.groups },
    audiences: [],
  })
  const fields = { client: 'c', arn: identity.arn, accountid: ACCOUNT, accesskeyid: 'ASIAEVE', userid: 'AROAREADER' }
  t.match(lines, [
    { level: 'info', message: 'STS response', fields },
    {
      level: 'info',
      message: 'access granted',
      fields: { ...fields, arn: identity.canonicalArn, username: mapped.username, entry: 'mapAccounts' },
    },
  ])
  t.notMatch(JSON.stringify(lines), /Secret|a token/)
})

void test('the log does not claim an STS response if STS was not called', async (t) => {
  const { authenticate, lines } = setUp({ verify: () => Promise.resolve({ identity, stsHost, isRemembered: true }) })
  t.match(await authenticate(review, ORIGIN, '127.0.0.1'), { user: { username: mapped.username } })
  t.match(lines, [{ message: 'access granted', fields: { arn: identity.canonicalArn } }])
  t.equal(lines.length, 1)
})

void test('a refusal is passed on unchanged, and logged with its reason', async (t) => {
  const unverified = new Refusal('bad_signature', 'why')
  const first = setUp({ verify: () => Promise.resolve(unverified) })
  t.equal(await first.authenticate(review, ORIGIN, '127.0.0.1'), unverified)
  t.match(first.lines, [{ level: 'warn', message: 'access denied', fields: { reason: 'bad_signature', error: 'why' } }])

  const unmapped = new Refusal('not_mapped', 'nobody')
  const second = setUp({ map: () => Promise.resolve(unmapped) })
  t.match(await second.authenticate(review, ORIGIN, '127.0.0.1'), { reason: 'not_mapped' })
  t.match(second.lines, [
    { message: 'STS response' },
    { message: 'access denied', fields: { arn: identity.canonicalArn, reason: 'not_mapped' } },
  ])
})

void test('the session names of an unmapped role do not fill the log', async (t) => {
  let session = 0
  const sessionOf = (): Promise<Verified> => {
    session += 1
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/${session}`
    return Promise.resolve({ identity: { ...identity, arn }, stsHost, isRemembered: true })
  }
  const unmapped = new Refusal('not_mapped', 'nobody')
  const { authenticate, lines } = setUp({ verify: sessionOf, map: () => Promise.resolve(unmapped) })
  for (let login = 0; login < 100; login += 1) await authenticate(review, ORIGIN, '127.0.0.1')
  t.equal(lines.length, 6)
})

void test('a caller that is refused repeatedly has no more STS lines than refusal lines', async (t) => {
  const { authenticate, lines } = setUp({ map: () => Promise.resolve(new Refusal('not_mapped', 'nobody')) })
  for (let login = 0; login < 100; login += 1) await authenticate(review, ORIGIN, '127.0.0.1')
  const messages = lines.map(({ message }) => message)
  t.same(messages, Array.from({ length: 6 }, () => ['STS response', 'access denied']).flat())
})

const mapsNobody = () => Promise.resolve(new Refusal('not_mapped', 'nobody'))

void test('the log names the near misses of an unmapped caller', async (t) => {
  const miss: NearMiss = {
    kind: 'other_account',
    backend: 'EKSConfigMap',
    path: 'mapRoles[3]',
    location: { source: 'aws-auth mapRoles', line: 7, column: 3 },
    entry: null,
    message: `EKSConfigMap mapRoles[3] is for that name in another account, 444455556666, not ${ACCOUNT}`,
  }
  const nearestOf = async (options: Partial<AuthenticateOptions>): Promise<unknown> => {
    const { authenticate, lines } = setUp({ map: mapsNobody, nearestMisses: () => [miss], ...options })
    await authenticate(review, ORIGIN, '127.0.0.1')
    const { see, reason } = lines.at(-1)?.fields ?? {}
    t.ok(String(see).endsWith(`/docs/errors.md#${String(reason)}`), String(see))
    return lines.at(-1)?.fields?.['nearest']
  }
  t.same(await nearestOf({}), [miss.message])
  const others = new Set(['444455556666'])
  t.same(await nearestOf({ scrubbedAccounts: others }), [miss.message.replace('444455556666', '***')])
  const own = new Set([ACCOUNT])
  t.same(await nearestOf({ scrubbedAccounts: own }), ['EKSConfigMap mapRoles[3]: other_account'])
  t.equal(await nearestOf({ nearestMisses: () => [] }), undefined)
  t.equal(await nearestOf({ map: () => Promise.resolve(new Refusal('template', 'x')) }), undefined)
})

void test('audiences', async (t) => {
  const ask = async (apiAudiences: readonly string[] | null, audiences: readonly string[]): Promise<unknown> => {
    const outcome = await setUp({ apiAudiences }).authenticate({ ...review, audiences }, ORIGIN, '127.0.0.1')
    return outcome instanceof Refusal ? outcome.reason : outcome.audiences
  }
  t.same(await ask(null, ['a']), [])
  t.same(await ask(['a', 'b'], []), [])
  t.same(await ask(['a', 'b'], ['c', 'b', 'a']), ['b', 'a'])
  t.equal(await ask(['a'], ['c']), 'unsupported_audience')

  let asked = 0
  const { authenticate } = setUp({
    apiAudiences: ['a'],
    verify: () => {
      asked += 1
      return Promise.resolve(new Refusal('expired', ''))
    },
  })
  await authenticate({ ...review, audiences: ['c'] }, ORIGIN, '127.0.0.1')
  t.equal(asked, 0, 'such a token is not sent to STS')
})

void test('for a scrubbed account only username and groups are returned, and the log has neither ARN nor ids', async (t) => {
  const scrubbedAccounts = new Set([ACCOUNT])
  const granted = setUp({ scrubbedAccounts })
  t.same(await granted.authenticate(review, ORIGIN, '127.0.0.1'), {
    user: {
      username: mapped.username,
      uid: `aws-iam-authenticator:administrative:${mapped.username}`,
      groups: mapped.groups,
    },
    isKept: false,
    audiences: [],
  })
  const refusal = new Refusal('template', `the account ${ACCOUNT} of ${identity.arn} has no such instance`)
  const refused = setUp({ scrubbedAccounts, map: () => Promise.resolve(refusal) })
  await refused.authenticate(review, ORIGIN, '127.0.0.1')
  const text = JSON.stringify([granted.lines, refused.lines])
  for (const secret of [ACCOUNT, identity.arn, identity.userId, identity.accessKeyId, '/eve']) {
    t.notOk(text.includes(secret), secret)
  }
  t.same(
    [granted, refused].flatMap(({ lines }) => lines.map(({ message }) => message)),
    ['access granted', 'access denied'],
  )
  t.match(granted.lines[0]?.fields, { stsendpoint: stsHost })

  const others = setUp({ scrubbedAccounts: new Set(['444455556666']) })
  t.match(await others.authenticate(review, ORIGIN, '127.0.0.1'), { user: { extra: { arn: [identity.arn] } } })
})

void test('a foreign token is one decision of its own subject, and has no line', async (t) => {
  const reported: unknown[] = []
  let verified = 0
  const { authenticate, lines } = setUp({
    onDecision: ({ subject, reason }) => reported.push([subject, reason]),
    verify: () => {
      verified += 1
      return Promise.resolve({ identity, stsHost, isRemembered: false })
    },
  })
  const outcome = await authenticate({ ...review, token: 'eyJhbGciOiJSUzI1NiJ9.e30.x' }, ORIGIN, '127.0.0.1')
  t.match(outcome, { reason: 'malformed_token' })
  t.same([reported, verified, lines], [[['foreign_token', 'malformed_token']], 0, []])
})

void test('a repeated token has the same outcome until the mappings change', async (t) => {
  const verified = { identity, stsHost, isRemembered: true }
  const told: unknown[] = []
  let asked = 0
  let current: typeof mapped | Refusal = mapped
  let active = [{}]
  const { authenticate, lines } = setUp({
    verify: () => Promise.resolve(verified),
    map: () => {
      asked += 1
      return current
    },
    indexes: () => active,
    onDecision: ({ latencyMs, ...decision }) => told.push([decision, typeof latencyMs]),
  })
  const answers = [await authenticate(review, ORIGIN, ''), await authenticate(review, ORIGIN, '')]
  t.equal(asked, 1)
  for (const both of [answers, lines, told]) t.same(both[1], both[0])
  t.equal(lines.length, 2)
  current = new Refusal('not_mapped', 'nobody')
  t.match(await authenticate(review, ORIGIN, ''), { user: { username: mapped.username } }, 'indexes never change')
  active = [{}]
  t.match(await authenticate(review, ORIGIN, ''), { reason: 'not_mapped' })
  t.match(await authenticate(review, ORIGIN, ''), { reason: 'not_mapped' })
})

void test('a decision that needed another service is made again each time', async (t) => {
  let asked = 0
  const verified = { identity, stsHost, isRemembered: true }
  const { authenticate } = setUp({
    verify: () => Promise.resolve(verified),
    map: () => {
      asked += 1
      return Promise.resolve(mapped)
    },
  })
  for (let login = 1; login <= 3; login += 1) {
    await authenticate(review, ORIGIN, '')
    t.equal(asked, login)
  }
})

async function fixOf(options: Partial<AuthenticateOptions>): Promise<unknown> {
  const { authenticate, lines } = setUp({ map: mapsNobody, suggestMapping: () => 'add it', ...options })
  await authenticate(review, ORIGIN, '127.0.0.1')
  return lines.at(-1)?.fields?.['fix']
}

void test('the log suggests a mapping for an unmapped caller without near misses', async (t) => {
  t.equal(await fixOf({}), 'add it')
  t.equal(await fixOf({ suggestMapping: () => null }), undefined)
  t.equal(await fixOf({ scrubbedAccounts: new Set([ACCOUNT]) }), undefined)
})
