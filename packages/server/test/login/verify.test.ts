import { findPartition, type Partition } from '@aws-iam-authenticator/core/aws/partition'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { presign } from '@aws-iam-authenticator/sandbox/aws/sign'
import type { AskSts } from '../../src/sts/sts-client.ts'
import { createRemembered } from '../../src/sts/remembered.ts'
import { createVerifier, type Verified, type Verify } from '../../src/login/verify.ts'

const now = new Date('2025-03-04T05:06:07Z')

function partitionOf(id: string): Partition {
  const partition = findPartition(id)
  if (partition === undefined) throw new TypeError('no partition')
  return partition
}

function tokenFor(host: string, region: string): string {
  const unsigned = {
    method: 'GET',
    host,
    path: '/',
    query: [['Action', 'GetCallerIdentity']],
    headers: new Map([['x-k8s-aws-id', 'k8s.local']]),
    body: '',
  } as const
  const { secretAccessKey } = USER
  const query = presign(unsigned, { accessKeyId: USER_KEY_ID, secretAccessKey, region, service: 'sts', date: now })
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query}`).toString('base64url')}`
}

const TOKEN = tokenFor('sts.us-east-1.amazonaws.com', 'us-east-1')

function answerOf(arn: string, account = '111122223333', userId = 'AIDA'): string {
  const result = { Account: account, Arn: arn, UserId: userId }
  return JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: result } })
}

function verifierWith(askSts: AskSts, serverRegion: string | null = null, partition = 'aws'): Verify {
  return createVerifier({ askSts, partition: partitionOf(partition), serverRegion: () => serverRegion, now: () => now })
}

void test('the verdict of STS decides about a token', async (t) => {
  const verify = verifierWith(() => Promise.resolve(answerOf(USER.arn)))
  t.match(await verify(TOKEN), {
    identity: { arn: USER.arn, accessKeyId: USER_KEY_ID, sessionName: '' },
    stsHost: 'sts.us-east-1.amazonaws.com',
  })
})

const says =
  (answer: string | Refusal): AskSts =>
  () =>
    Promise.resolve(answer)

const refusalOf = async (askSts: AskSts, token = TOKEN): Promise<readonly [string, string]> => {
  const outcome = await verifierWith(askSts)(token)
  return outcome instanceof Refusal ? [outcome.reason, outcome.message] : ['none', '']
}

void test('refusals have the texts that operators search for', async (t) => {
  const [malformed, notFormatted] = await refusalOf(says(''), 'nonsense')
  t.equal(malformed, 'malformed_token')
  t.match(notFormatted, /^input token was not properly formatted: /)

  const [throttled, wasThrottled] = await refusalOf(says(new Refusal('sts_throttled', 'slow down')))
  t.same([throttled, wasThrottled], ['sts_throttled', 'sts getCallerIdentity was throttled: slow down'])
  const [unreachable, failed] = await refusalOf(says(new Refusal('sts_unreachable', 'away')))
  t.same([unreachable, failed], ['sts_unreachable', 'sts getCallerIdentity failed: away'])
  const [bad, noJson] = await refusalOf(says('<html>'))
  t.equal(bad, 'sts_bad_answer')
  t.match(noJson, /^sts getCallerIdentity failed: /)
  const [unsupported] = await refusalOf(says(answerOf('arn:aws:s3:::bucket')))
  t.equal(unsupported, 'unsupported_identity')
})

void test('concurrent equal tokens share one call, later ones do not', async (t) => {
  const waiting: ((answer: Promise<string>) => void)[] = []
  const verify = verifierWith(
    () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      }),
  )
  const together = [verify(TOKEN), verify(TOKEN)]
  const other = verify(tokenFor('sts.us-west-2.amazonaws.com', 'us-west-2'))
  t.equal(waiting.length, 2)
  waiting[0]?.(Promise.resolve(answerOf(USER.arn)))
  waiting[1]?.(Promise.resolve(answerOf(`${USER.arn}2`)))
  const [first, second] = await Promise.all(together)
  t.equal(first, second)
  t.match(await other, { identity: { arn: `${USER.arn}2` } })

  const later = verify(TOKEN)
  t.equal(waiting.length, 3, 'who comes later asks anew')
  waiting[2]?.(Promise.reject(new Error('broken')))
  await t.rejects(later, { message: 'broken' })
  const again = verify(TOKEN)
  t.equal(waiting.length, 4, 'a failure is not kept')
  waiting[3]?.(Promise.resolve(answerOf(USER.arn)))
  t.match(await again, { identity: { arn: USER.arn } })
})

void test('the region of the server is accepted as soon as it is known', async (t) => {
  const token = tokenFor('sts.dragon-1.amazonaws.com.cn', 'dragon-1')
  const askSts = says(answerOf('arn:aws-cn:iam::111122223333:user/wei'))
  t.match(await verifierWith(askSts, null, 'aws-cn')(token), { reason: 'wrong_host' })
  t.match(await verifierWith(askSts, 'dragon-1', 'aws-cn')(token), { identity: { kind: 'user' } })
})

void test('the outcome at STS is remembered for a limited time, never beyond the end of the token', async (t) => {
  let time = 0
  let calls = 0
  let answer: string | Refusal = answerOf(USER.arn)
  const remembered = createRemembered<Verified | Refusal>(
    () => time,
    () => undefined,
  )
  const verify = createVerifier({
    askSts: async () => {
      calls += 1
      return answer
    },
    partition: partitionOf('aws'),
    serverRegion: () => null,
    now: () => new Date(now.getTime() + time),
    memory: { remembered, ttlMs: 120_000 },
  })
  const first = await verify(TOKEN)
  t.match(first, { isRemembered: false })
  t.match(await verify(TOKEN), { identity: { arn: USER.arn }, isRemembered: true })
  t.equal(calls, 1)
  t.notMatch(JSON.stringify(first), /Signature|X-Amz/, 'nothing of the token is kept')
  time = 120_000
  await verify(TOKEN)
  t.equal(calls, 2)

  time = 14.5 * 60_000
  await verify(TOKEN)
  time = 15 * 60_000 - 1
  await verify(TOKEN)
  t.equal(calls, 3)
  time = 15 * 60_000 + 1
  t.match(await verify(TOKEN), { reason: 'expired' })
  t.equal(calls, 3)

  time = 0
  answer = new Refusal('sts_throttled', 'slow down', 7)
  const other = tokenFor('sts.eu-west-1.amazonaws.com', 'eu-west-1')
  t.match(await verify(other), { reason: 'sts_throttled', retryAfterSeconds: 7 })
  answer = new Refusal('unknown_key', 'who')
  t.match(await verify(other), { reason: 'unknown_key' }, 'an error is not remembered')
  answer = answerOf(USER.arn)
  time = 9_999
  t.match(await verify(other), { reason: 'unknown_key' }, 'a verdict is')
  time = 10_001
  t.match(await verify(other), { identity: { arn: USER.arn } })
})

void test('with server.stsRegions no other region is called, except the own one', async (t) => {
  const verify = createVerifier({
    askSts: says(answerOf(USER.arn)),
    partition: partitionOf('aws'),
    serverRegion: () => 'eu-north-1',
    stsRegions: new Set(['us-east-1', 'global']),
    now: () => now,
  })
  for (const region of ['us-east-1', 'eu-north-1', 'US-EAST-1']) {
    t.match(await verify(tokenFor(`sts.${region}.amazonaws.com`, region)), { identity: { arn: USER.arn } }, region)
  }
  t.match(await verify(tokenFor('sts.amazonaws.com', 'us-east-1')), { identity: { arn: USER.arn } })
  t.match(await verify(tokenFor('sts.eu-west-1.amazonaws.com', 'eu-west-1')), { reason: 'wrong_host' })
})
