import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { identities } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { cannotMislead, startDirectSts, type DirectSts } from './harness/direct-sts.ts'
import { eventually } from './harness/eventually.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { http2 } from './harness/wire.ts'
import { metricsOf, refusals, REGION, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const skip = cannotMislead
const MINUTE_MS = 60_000
const HOST = `sts.${REGION}.amazonaws.com`
/** Concurrent logins. */
const WAVE = 24
/** The number of additional open files that is allowed, including sockets. Connections to STS are kept, so it varies a little. */
const SLACK = 4

/** The duration of the STS outage, in milliseconds. */
const GONE_MS = 8_000

interface Direct {
  readonly aws: SandboxAws
  readonly way: DirectSts
  readonly server: TestServer
  /** Sends that many logins at once over one connection, each with its own token, and returns the number of each status. */
  readonly wave: (count?: number) => Promise<Readonly<Record<number, number>>>
  /** The number of open files of the server. */
  readonly files: () => number
}

function residentMebibytes({ pid }: TestServer): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

async function startDirect(t: Test, ...resolved: readonly string[]): Promise<Direct> {
  const aws = await startAws(t)
  const way = await startDirectSts(t, aws.port)
  way.resolve(...resolved)
  const { wrapper } = way
  const environment = { HTTPS_PROXY: '' }
  const server = await startTestServer(t, {
    aws,
    configuration: `${USER_CONFIGURATION}  tokenCacheTTL: 0\n`,
    environment,
    wrapper,
  })
  const client = http2(server)
  t.teardown(() => client.close())
  const startedAt = Date.now()
  let signed = 0
  const wave = async (count = WAVE): Promise<Readonly<Record<number, number>>> => {
    const statuses = await Promise.all(
      Array.from({ length: count }, async () => {
        signed += 1
        const token = userToken({ date: new Date(startedAt - (signed % 600) * 1000) })
        const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
        return (await client.send({ body, headers: { 'content-type': 'application/json' } })).status
      }),
    )
    const counts: Record<number, number> = {}
    for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }
  return { aws, way, server, wave, files: () => readdirSync(`/proc/${server.pid}/fd`).length }
}

t.test('an STS host that does not resolve fails at once, and works as soon as it resolves', { skip }, async (t) => {
  const { aws, way, server } = await startDirect(t)
  const startedAt = performance.now()
  const answer = await server.review(userToken())
  const took = performance.now() - startedAt
  t.equal(answer.status, 502)
  t.ok(took < 3_000, `${Math.round(took)} ms`)
  const error = new RegExp(`${HOST.replaceAll('.', '\\.')} can't be reached: .*(?:ENOTFOUND|EAI_AGAIN)`)
  t.match(await refusals(server, 1), [{ level: 'warning', reason: 'sts_unreachable', error }])
  t.equal((await metricsOf(server))('sts_connection_failures_total', { StsRegion: REGION }), 1)
  t.equal(aws.sts.requests.length, 0)
  way.resolve(HOST)
  await eventually(t, 'logins pass again', true, 2_000, async () => verdict(await server.review(userToken())))
})

t.test('after an STS outage logins pass at once, and no more files are open than before', { skip }, async (t) => {
  const { way, wave, files, server } = await startDirect(t, HOST)
  for (let round = 0; round < 3; round += 1) t.same(await wave(), { 200: WAVE }, 'before')
  const before = files()
  const outages = {
    'it refuses connections': () => way.become('gone'),
    'its name is not found': async () => {
      way.resolve()
      await way.become('gone')
    },
    'it takes connections and says nothing': () => way.become('mute'),
  }
  for (const [name, begin] of Object.entries(outages)) {
    await begin()
    for (let round = 0; round < 2; round += 1) t.same(await wave(), { 502: WAVE }, name)
    t.equal((await server.request({ path: '/healthz' })).text, 'ok', name)
    way.resolve(HOST)
    await way.become('up')
    await eventually(t, `${name}: logins pass again`, true, 2_000, async () => {
      const statuses = await wave(1)
      return statuses[200] === 1
    })
    t.same(await wave(), { 200: WAVE }, `${name}: after`)
    const more = (): number => files() - before
    await eventually(t, `${name}: files`, true, 2_000, () => more() <= SLACK)
    t.comment(`${name}: ${before} files open before, ${files()} after`)
  }
})

t.test('during an STS outage all logins fail at once, and no resources leak', { skip }, async (t) => {
  const { way, wave, files, server } = await startDirect(t, HOST)
  for (let round = 0; round < 3; round += 1) t.same(await wave(), { 200: WAVE }, 'before')
  const [filesBefore, memoryBefore] = [files(), residentMebibytes(server)]
  await way.become('gone')
  const until = performance.now() + GONE_MS
  let [logins, most, memoryMost] = [0, 0, 0]
  while (performance.now() < until) {
    t.same(await wave(), { 502: WAVE })
    logins += WAVE
    most = Math.max(most, files())
    memoryMost = Math.max(memoryMost, residentMebibytes(server))
    await wait(100)
  }
  const failures = (await metricsOf(server))('sts_connection_failures_total', { StsRegion: REGION }) ?? 0
  // The first ones at once, then one a second. The others are not tried.
  t.ok(failures > 0 && failures <= WAVE + (GONE_MS / 1000) * 2, `${failures} calls for ${logins} logins`)
  t.ok(most <= filesBefore + SLACK, `${most} files open at most, ${filesBefore} before`)
  await way.become('up')
  await eventually(t, 'logins pass again', true, 2_000, async () => (await wave(1))[200] === 1)
  t.same(await wave(), { 200: WAVE }, 'after')
  await eventually(t, 'files', true, 2_000, () => files() <= filesBefore + SLACK)
  const grown = Math.max(memoryMost, residentMebibytes(server)) - memoryBefore
  t.ok(grown < 64, `it grew by ${Math.round(grown)} MiB`)
})

t.test('an STS clock that is 20 minutes off has its own reason', async (t) => {
  for (const [minutes, reason, error] of [
    [20, 'expired', /signature is too old/],
    [-20, 'clock_ahead', /ahead of that of AWS/],
  ] as const) {
    const aws = await startSandboxAws({ identities, now: () => new Date(Date.now() + minutes * MINUTE_MS) })
    t.teardown(() => aws.close())
    const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
    t.equal(verdict(await server.review(userToken())), false, `${minutes} minutes`)
    t.match(await refusals(server, 1), [{ reason, error, see: new RegExp(`#${reason}$`) }], `${minutes} minutes`)
    t.equal((await metricsOf(server))('refusals_total', { reason }), 1)
  }
})

t.test('a token from a clock that is 20 minutes off has its own reason', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const rows = [
    [-20, 'expired', /signed 20 minutes ago/],
    [20, 'clock_ahead', /20 minutes ahead of this server's clock/],
  ] as const
  for (const [index, [minutes, reason, error]] of rows.entries()) {
    const token = userToken({ date: new Date(Date.now() + minutes * MINUTE_MS) })
    t.equal(verdict(await server.review(token)), false)
    t.match((await refusals(server, index + 1))[index], { reason, error }, `${minutes} minutes`)
  }
  t.equal(aws.sts.requests.length, 0)
})
