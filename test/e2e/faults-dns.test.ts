import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { minimalEnvironment, runCommand } from './harness/command.ts'
import { cannotMislead, startDirectSts, type DirectSts } from './harness/direct-sts.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { http2 } from './harness/wire.ts'
import { REGION, startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'

const skip = cannotMislead
const HOST = `sts.${REGION}.amazonaws.com`
/** Longer than a lookup without an answer. */
const SECONDS = 12

interface Silent {
  readonly way: DirectSts
  readonly server: TestServer
  /** The status of a login through STS of that region. */
  readonly login: (region?: string) => Promise<number>
  /** Closes all connections to STS, so that the next logins open new ones. */
  readonly cutConnections: () => Promise<void>
}

async function start(t: Test): Promise<Silent> {
  const aws = await startAws(t)
  const way = await startDirectSts(t, aws.port)
  way.resolve(HOST)
  const { wrapper } = way
  const configuration = `${USER_CONFIGURATION}  tokenCacheTTL: 0\n`
  const environment = { HTTPS_PROXY: '' }
  const server = await startTestServer(t, { aws, configuration, environment, wrapper })
  const client = http2(server)
  t.teardown(() => client.close())
  const startedAt = Date.now()
  let signed = 0
  const login = async (region = REGION): Promise<number> => {
    signed += 1
    const token = userToken({ region, date: new Date(startedAt - (signed % 600) * 1000) })
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
    return (await client.send({ body, headers: { 'content-type': 'application/json' } })).status
  }
  const cutConnections = async (): Promise<void> => {
    await way.become('gone')
    await way.become('up')
  }
  return { way, server, login, cutConnections }
}

t.test('hanging lookups of invented regions delay no login and no reading of files', { skip }, async (t) => {
  const { way, server, login, cutConnections } = await start(t)
  t.equal(await login(), 200)
  const asked = await way.silence()
  const invented = new Map<number, number>()
  const ended: Promise<void>[] = []
  const send = async (region: string): Promise<void> => {
    const status = await login(region)
    invented.set(status, (invented.get(status) ?? 0) + 1)
  }
  const renew = async (): Promise<void> => {
    const init = ['init', '-i', 'k8s.local', '--force']
    await runCommand(init, { cwd: server.folder, environment: minimalEnvironment(server.folder) })
  }
  let good = 0
  for (let tick = 0; tick < SECONDS * 2; tick += 1) {
    // Twenty at once, then five a second and more.
    const count = tick === 0 ? 20 : 5
    for (let each = 0; each < count; each += 1) ended.push(send(`us-nowhere-${tick * 20 + each}`))
    if (tick % 4 === 1) await cutConnections()
    if (tick === 4) ended.push(renew())
    const patience = wait(3_000, 'none within 3 s', { ref: false })
    const status = await Promise.race([login(), patience])
    if (status === 200) good += 1
    else t.fail(`tick ${tick}: a good login got ${status}`)
    await wait(500)
  }
  t.comment(`${good} good logins, ${asked()} questions to the resolver, invented ${JSON.stringify([...invented])}`)
  t.ok(asked() > 0, 'the resolver was asked')
  const tookOver = (): boolean => server.log().some(({ msg }) => msg === 'took over the new TLS pair')
  t.equal(tookOver(), true, 'files are read')
  await Promise.all(ended)
  t.notOk(invented.has(200), 'nobody is let in by an invented region')
})

t.test('hanging lookups of invented regions delay no first login through a published region', { skip }, async (t) => {
  const { way, login } = await start(t)
  t.equal(await login(), 200)
  const asked = await way.silence()
  const unused = ['eu-west-3', 'sa-east-1']
  way.resolve(HOST, ...unused.map((region) => `sts.${region}.amazonaws.com`))
  const invented = Array.from({ length: 20 }, (_, number) => login(`us-nowhere-${number}`))
  await wait(1_000)
  t.ok(asked() > 0, 'the resolver was asked')
  for (const region of unused) {
    const patience = wait(3_000, 'none within 3 s', { ref: false })
    t.equal(await Promise.race([login(region), patience]), 200, region)
  }
  t.notOk((await Promise.all(invented)).includes(200))
})

t.test('a silent resolver delays no login through a known STS', { skip }, async (t) => {
  const { way, login, cutConnections } = await start(t)
  t.equal(await login(), 200)
  const asked = await way.silence()
  way.resolve()
  await cutConnections()
  const statuses = await Promise.all(Array.from({ length: 12 }, () => login()))
  t.same(new Set(statuses), new Set([200]))
  t.ok(asked() > 0, 'the resolver was asked')
})
