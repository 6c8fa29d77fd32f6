import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { StsRequest } from '@aws-iam-authenticator/core/token/presigned-url'
import { test } from 'tap'
import { createStsActivity, MAX_REPORTED_HOSTS, type StsActivity } from '../../src/observe/sts-activity.ts'

const OWN = 'sts.us-new-1.amazonaws.com'
const PUBLISHED = 'sts.eu-west-1.amazonaws.com'
const now = new Date('2025-03-04T05:06:07Z')

const invented = (number: number): string => `sts.us-nowhere-${number}.amazonaws.com`

function setUp(): StsActivity & { readonly call: (host: string, outcome: string | Refusal) => Promise<void> } {
  const activity = createStsActivity(() => now)
  let next: string | Refusal = ''
  const ask = activity.watch(async () => next)
  return {
    ...activity,
    call: async (host, outcome) => {
      next = outcome
      const request: StsRequest = { host, region: '', query: '', accessKeyId: 'AKIA', signedAt: now }
      await ask(request)
    },
  }
}

const GONE = new Refusal('sts_unreachable', 'ECONNREFUSED')
const REFUSED = new Refusal('bad_signature', 'status 403')

void test('invented hosts that answer do not hide that a granted host is unreachable', async (t) => {
  const { call, granted, report, fault } = setUp()
  await call(OWN, 'identity')
  granted(OWN)
  for (let number = 0; number < MAX_REPORTED_HOSTS * 4; number += 1) await call(invented(number), REFUSED)
  t.equal(report().length, MAX_REPORTED_HOSTS)
  for (let failure = 0; failure < 3; failure += 1) {
    await call(OWN, GONE)
    await call(invented(failure), REFUSED)
  }
  t.match(fault(), /ECONNREFUSED/)
  t.match(report()[0], { host: OWN, calls: 4, failures: 3 })
  await call(OWN, 'identity')
  t.equal(fault(), null)
})

void test('invented hosts that do not answer do not mean that STS is unreachable, once it has answered', async (t) => {
  for (const prove of ['a published host answers', 'a login is granted'] as const) {
    const { call, granted, fault } = setUp()
    for (let number = 0; number < 3; number += 1) await call(invented(number), GONE)
    t.match(fault(), /ECONNREFUSED/, 'before that nobody knows better')
    if (prove === 'a published host answers') {
      await call(PUBLISHED, REFUSED)
    } else {
      await call(OWN, 'identity')
      granted(OWN)
    }
    t.equal(fault(), null, prove)
    for (let number = 0; number < 3; number += 1) await call(invented(number), GONE)
    t.equal(fault(), null, prove)
  }
})

void test('the report drops doubtful hosts first, then answered ones, then the oldest', async (t) => {
  const { call, granted, report } = setUp()
  const hosts = (): string[] => report().map(({ host }) => host)
  await call(PUBLISHED, REFUSED)
  for (let number = 0; number < MAX_REPORTED_HOSTS; number += 1) await call(invented(number), REFUSED)
  t.equal(hosts().length, MAX_REPORTED_HOSTS)
  t.equal(hosts()[0], PUBLISHED)
  t.notOk(hosts().includes(invented(0)))
  for (const host of hosts().slice(1)) granted(host)
  await call(OWN, 'identity')
  granted(OWN)
  t.notOk(hosts().includes(PUBLISHED))
  await call(PUBLISHED, REFUSED)
  t.notOk(hosts().includes(invented(1)))
  t.equal(hosts().length, MAX_REPORTED_HOSTS)
  granted('sts.never-asked-1.amazonaws.com')
  t.equal(hosts().length, MAX_REPORTED_HOSTS)
})
