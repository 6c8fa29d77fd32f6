import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startTestServer, type TestServer } from './harness/server.ts'
import {
  addIdentity,
  metricsOf,
  signToken,
  startAws,
  USER_CONFIGURATION,
  userToken,
  verdict,
} from './harness/webhook.ts'
import { http2, type WireClient } from './harness/wire.ts'

const REGIONS = 2_000
const PER_SECOND = 2_000
const TICK_MS = 10
/** Generous, because the machine runs other tests at the same time. */
const PROMPT_MS = 5_000
/** The limit of concurrent tokens: a busy machine has a lower rate, and no backlog. */
const MAX_OPEN = 500
/** Region labels, and `other`. */
const MAX_REGION_LABELS = 65

/** Tokens with regions that AWS does not have. Their signatures are wrong, so any server refuses them. */
function inventedTokens(): readonly string[] {
  const forger = { ...USER, secretAccessKey: 'wrong' }
  return Array.from({ length: REGIONS }, (_, n) => signToken(USER_KEY_ID, forger, { region: `us-nowhere-${n}` }))
}

function review(client: WireClient, token: string): Promise<unknown> {
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
  return client.send({ body, headers: { 'content-type': 'application/json' } })
}

interface Flood {
  /** The number of answered tokens so far. */
  readonly answered: () => number
  readonly end: () => Promise<void>
}

/** Sends the tokens repeatedly, at {@link PER_SECOND}. */
function startFlood(t: Test, server: TestServer): Flood {
  const tokens = inventedTokens()
  const client = http2(server)
  t.teardown(() => client.close())
  const startedAt = performance.now()
  const open = new Set<Promise<void>>()
  let [sent, answered] = [0, 0]
  const send = async (): Promise<void> => {
    const token = tokens[sent % REGIONS] ?? ''
    sent += 1
    await review(client, token)
    answered += 1
  }
  const sendDue = (): void => {
    for (
      let due = ((performance.now() - startedAt) * PER_SECOND) / 1_000 - sent;
      due > 0 && open.size < MAX_OPEN;
      due -= 1
    ) {
      const sending = send().catch(() => undefined)
      open.add(sending)
      void sending.finally(() => open.delete(sending))
    }
  }
  const timer = setInterval(sendDue, TICK_MS)
  t.teardown(() => clearInterval(timer))
  return {
    answered: () => answered,
    end: async () => {
      clearInterval(timer)
      await Promise.all(open)
    },
  }
}

t.test('a first login through an unused region is fast during a flood of invented regions', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const flood = startFlood(t, server)
  await sleep(2_000)
  const unused = [
    { region: 'eu-west-3' },
    { region: 'sa-east-1' },
    { host: 'sts.amazonaws.com' },
    { region: 'us-west-2', host: 'sts-fips.us-west-2.amazonaws.com' },
    { region: 'ca-central-1', host: 'sts.ca-central-1.api.aws' },
  ]
  for (const signing of unused) {
    const startedAt = performance.now()
    const answer = await server.review(userToken(signing))
    const took = performance.now() - startedAt
    t.equal(verdict(answer), true, `${JSON.stringify(signing)}: status ${answer.status}`)
    t.ok(took < PROMPT_MS, `${JSON.stringify(signing)}: ${Math.round(took)} ms`)
  }
  await sleep(1_000)
  await flood.end()
  t.ok(flood.answered() > 1_000, `${flood.answered()} tokens with invented regions were answered`)
  // 20 at once, and 5 a second.
  const invented = new Set(aws.sts.requests.map(({ host }) => host).filter((host) => host.includes('nowhere')))
  t.ok(invented.size >= 20 && invented.size < 20 + 5 * 20, `${invented.size} invented hosts were asked`)
})

t.test('invented regions have no time series of their own, whatever answers', async (t) => {
  // The sandbox answers for every region, like a proxy that inspects TLS.
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const flood = startFlood(t, server)
  await sleep(4_000)
  await flood.end()
  const { text } = await server.request({ path: '/metrics' })
  t.notMatch(text, /nowhere/)
  const regions = new Set(Array.from(text.matchAll(/StsRegion="([^"]*)"/g), ([, region]) => region))
  t.ok(regions.has('other'), 'they are counted together')
  t.ok(regions.size <= MAX_REGION_LABELS, `${regions.size} regions`)
})

t.test('a region without an entry in the table has its own label after a login through it was granted', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const [StsRegion, labels] = ['us-brandnew-1', { ResponseCode: '200', StsRegion: 'us-brandnew-1' }]
  const stranger = addIdentity(aws, { ...USER, arn: `${USER.arn}-too`, userId: 'AIDASTRANGER' })
  for (const date of [new Date(), new Date(Date.now() - 5_000)]) {
    t.equal(verdict(await server.review(signToken(...stranger, { region: StsRegion, date }))), false)
  }
  t.equal(verdict(await server.review(userToken({ region: StsRegion }))), true, 'it works at once')
  const first = await metricsOf(server)
  t.equal(first('sts_responses_total', labels), undefined, 'whoever has some AWS account is not enough')
  t.equal(first('sts_responses_total', { ...labels, StsRegion: 'other' }), 3)
  t.equal(verdict(await server.review(userToken({ region: StsRegion, date: new Date(Date.now() - 5_000) }))), true)
  t.equal((await metricsOf(server))('sts_responses_total', labels), 1)
})
