import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { StsRequest } from '@aws-iam-authenticator/core/token/presigned-url'
import { test } from 'tap'
import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import { identities, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { IMPOSTOR, type Fault } from '@aws-iam-authenticator/sandbox/aws/faults'
import { createSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { presign } from '@aws-iam-authenticator/sandbox/aws/sign'
import { createStsClient, type AskSts } from '../../src/sts/sts-client.ts'

const REGION = 'eu-central-1'
const HOST = `sts.${REGION}.amazonaws.com`

function requestFor(clusterId: string): StsRequest {
  const unsigned = {
    method: 'GET',
    host: HOST,
    path: '/',
    query: [
      ['Action', 'GetCallerIdentity'],
      ['Version', '2011-06-15'],
    ],
    headers: new Map([['x-k8s-aws-id', clusterId]]),
    body: '',
  } as const
  const signer = {
    accessKeyId: USER_KEY_ID,
    secretAccessKey: USER.secretAccessKey,
    region: REGION,
    service: 'sts',
    date: new Date(),
  }
  const query = presign(unsigned, signer)
  return { host: HOST, region: REGION, query, accessKeyId: USER_KEY_ID, signedAt: signer.date }
}

function setUp(): {
  readonly ask: AskSts
  readonly noted: string[]
  readonly aws: ReturnType<typeof createSandboxAws>
} {
  const aws = createSandboxAws({ identities })
  const noted: string[] = []
  const ask = createStsClient({
    dispatcher: new InProcessDispatcher(aws.handle),
    clusterId: 'k8s.local',
    userAgent: 'aws-iam-authenticator/test',
    observer: {
      answered: (region, status) => noted.push(`answered ${region} ${status}`),
      throttled: (region) => noted.push(`throttled ${region}`),
      connectionFailed: (region) => noted.push(`failed ${region}`),
      retried: (region) => noted.push(`retried ${region}`),
    },
  })
  return { ask, noted, aws }
}

void test('the request has the cluster id of the server, and the answer becomes an identity', async (t) => {
  const { ask, noted, aws } = setUp()
  const answer = await ask(requestFor('k8s.local'))
  t.match(typeof answer === 'string' ? JSON.parse(answer) : answer, {
    GetCallerIdentityResponse: { GetCallerIdentityResult: { Arn: USER.arn } },
  })
  t.same(noted, [`answered ${REGION} 200`])
  const [sent] = aws.sts.requests
  t.match(sent, { method: 'GET', host: HOST, action: 'GetCallerIdentity' })
  t.equal(sent?.headers.get('x-k8s-aws-id'), 'k8s.local')
  t.equal(sent?.headers.get('accept'), 'application/json')
  t.equal(sent?.headers.get('user-agent'), 'aws-iam-authenticator/test')
})

void test('a request signed for another cluster is refused', async (t) => {
  const { ask, noted } = setUp()
  t.match(await ask(requestFor('other.local')), { reason: 'bad_signature' })
  t.same(noted, [`answered ${REGION} 403`])
})

const FAULTS: readonly (readonly [Fault, reason: string, ...noted: string[]])[] = [
  ['throttle', 'sts_throttled', `answered ${REGION} 400`, `throttled ${REGION}`],
  ['throttle503', 'sts_throttled', `answered ${REGION} 503`, `throttled ${REGION}`],
  ['error500', 'sts_unreachable', `answered ${REGION} 500`],
  ['reset', 'sts_unreachable', `retried ${REGION}`, `failed ${REGION}`],
  ['redirect', 'sts_bad_answer', `answered ${REGION} 302`],
  ['huge', 'sts_bad_answer', `answered ${REGION} 200`],
]

void test('failures are refusals, and recorded', async (t) => {
  for (const [fault, reason, ...expected] of FAULTS) {
    const { ask, noted, aws } = setUp()
    aws.faults.set(fault)
    const outcome = await ask(requestFor('k8s.local'))
    t.ok(outcome instanceof Refusal && outcome.reason === reason, fault)
    t.same(noted, expected, fault)
    t.notOk(JSON.stringify(outcome).includes(IMPOSTOR.Account), fault)
    t.notMatch(JSON.stringify(outcome), /X-Amz/, fault)
    t.match(outcome, fault === 'reset' ? { isOfHost: false } : {}, 'no proof that the host is gone')
    t.equal(aws.sts.requests.length, fault === 'reset' ? 2 : 1, `${fault}: no redirect is followed`)
  }
})

void test('a lost connection before an answer is not a failure yet', async (t) => {
  const { ask, noted, aws } = setUp()
  aws.faults.set('resetOnce')
  t.equal(typeof (await ask(requestFor('k8s.local'))), 'string')
  t.same(noted, [`retried ${REGION}`, `answered ${REGION} 200`])
})
