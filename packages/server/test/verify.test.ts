import { findPartition, Refusal, type Partition } from '@aws-iam-authenticator/core'
import { test } from 'tap'
import { USER, USER_KEY_ID } from '../../../test/sandbox/aws/example-account.ts'
import { presign } from '../../../test/sandbox/aws/sign.ts'
import type { AskSts } from '../src/sts.ts'
import { createVerifier, type Verify } from '../src/verify.ts'

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

void test('a token is as good as STS says', async (t) => {
  const verify = verifierWith(() => Promise.resolve(answerOf(USER.arn)))
  t.match(await verify(TOKEN), {
    identity: { arn: USER.arn, accessKeyId: USER_KEY_ID, sessionName: '' },
    request: { host: 'sts.us-east-1.amazonaws.com', region: 'us-east-1' },
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

void test('refusals have the words that operators search for', async (t) => {
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
  const [unsupported] = await refusalOf(says(answerOf('arn:aws:s3:::bucket', '')))
  t.equal(unsupported, 'unsupported_identity')
})

void test('equal tokens in flight share one call, and no later one', async (t) => {
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

void test('the region of the server widens what is accepted, as soon as it is known', async (t) => {
  const token = tokenFor('sts.dragon-1.amazonaws.com.cn', 'dragon-1')
  const askSts = says(answerOf('arn:aws-cn:iam::111122223333:user/wei'))
  t.match(await verifierWith(askSts, null, 'aws-cn')(token), { reason: 'wrong_host' })
  t.match(await verifierWith(askSts, 'dragon-1', 'aws-cn')(token), { identity: { kind: 'user' } })
})
