import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Agent } from 'undici'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { FakeKubernetes } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { startCluster, type Cluster } from './harness/cluster.ts'
import { eventually } from './harness/eventually.ts'
import {
  allowIdentityMappings,
  canonicalArnOf,
  eventsAbout,
  putMapping,
  writesOf,
} from './harness/identity-mappings.ts'
import { logIn, roleArn, roleToken, tokenOf, valueAt } from './harness/logins.ts'
import { metric, startTestServer, type TestServer } from './harness/server.ts'

const LIVE_MS = 1000
const RETRY_MS = 5000

interface Mapped {
  readonly aws: SandboxAws
  readonly cluster: Cluster
  readonly api: FakeKubernetes
  readonly server: TestServer
  /** Starts another server of the same cluster. */
  readonly another: () => Promise<TestServer>
  readonly becomes: (role: string, expected: string, what: string, limitMs?: number) => Promise<void>
  readonly badObjects: () => Promise<number | undefined>
}

async function start(t: Test, before: (cluster: Cluster) => unknown = allowIdentityMappings): Promise<Mapped> {
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const cluster = await startCluster(t)
  await before(cluster)
  const { api, kubeconfig } = cluster
  const another = (): Promise<TestServer> =>
    startTestServer(t, {
      aws,
      configuration: `clusterID: k8s.local\nserver:\n  kubeconfig: ${kubeconfig}\n  mapAccounts: ["111122223333"]\n`,
      args: ['--backend-mode=CRD'],
    })
  const server = await another()
  const tokens = new Map<string, string>()
  return {
    aws,
    cluster,
    api,
    server,
    another,
    becomes: (role, expected, what, limitMs = LIVE_MS) => {
      const token = tokens.get(role) ?? roleToken(aws, role)
      tokens.set(role, token)
      return eventually(t, what, expected, limitMs, () => logIn(server, token))
    },
    badObjects: async () => {
      const { text } = await server.request({ path: '/metrics' })
      return metric(text, 'aws_iam_authenticator_mapping_errors', { source: 'iamidentitymappings' })
    },
  }
}

await t.test('objects appear, change and disappear while the server runs', async (t) => {
  const { aws, api, server, becomes } = await start(t)
  await becomes('Dev', 'refused', 'nobody is mapped, by mapAccounts least of all')
  putMapping(api, 'dev', 'Dev')
  await becomes('Dev', 'dev', 'added')
  putMapping(api, 'dev', 'Dev', 'developer-{{SessionName}}')
  await becomes('Dev', 'developer-alice', 'changed')
  putMapping(api, 'dev', 'Ops', 'ops')
  await becomes('Ops', 'ops', 'its ARN changed')
  await becomes('Dev', 'refused', 'the role it was for before')
  t.ok(api.deleteIdentityMapping('dev'))
  await becomes('Ops', 'refused', 'deleted')
  api.putIdentityMapping('bob', { arn: 'arn:aws:iam::111122223333:user/Bob', username: 'bob' })
  const bob = tokenOf(aws, 'arn:aws:iam::111122223333:user/Bob')
  await eventually(t, 'a user, without groups', 'bob', LIVE_MS, () => logIn(server, bob))
  api.putIdentityMapping('session', {
    arn: 'arn:aws:sts::111122223333:assumed-role/Session/alice',
    username: 'session',
  })
  await becomes('Session', 'session', 'the ARN of a session is for its role')
})

await t.test('the status has the canonical ARN, and an Event reports the sync', async (t) => {
  const { api, server, becomes } = await start(t)
  const put = putMapping(api, 'dev', 'Dev')
  const arn = roleArn('Dev').toLowerCase()
  await eventually(t, 'the status', arn, LIVE_MS, () => canonicalArnOf(api, 'dev'))
  await eventually(t, 'one Event', 1, LIVE_MS, () => eventsAbout(api, 'dev').length)
  t.match(eventsAbout(api, 'dev')[0], {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'default', name: /^dev\.[0-9a-f]{16}$/ },
    type: 'Normal',
    reason: 'Synced',
    message: 'Identity synced successfully',
    source: { component: 'aws-iam-authenticator' },
    involvedObject: {
      apiVersion: 'iamauthenticator.k8s.aws/v1alpha1',
      kind: 'IAMIdentityMapping',
      name: 'dev',
      uid: put.metadata.uid,
    },
    count: 1,
  })
  t.match(valueAt(api.getIdentityMapping('dev'), 'spec', 'arn'), roleArn('Dev'), 'the spec is left alone')
  putMapping(api, 'dev', 'Dev', 'developer')
  await eventually(t, 'another Event for another change', 2, LIVE_MS, () => eventsAbout(api, 'dev').length)
  await becomes('Dev', 'developer', 'changed')
  t.same(writesOf(api), [
    'PATCH /apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings/dev/status',
    'POST /api/v1/namespaces/default/events',
    'POST /api/v1/namespaces/default/events',
  ])
  for (const { status, path } of api.requests) t.ok((status ?? 200) < 300, path)
  t.equal((await server.stop()).code, 0)
})

await t.test('of several servers each object is synced once, and not again by a later one', async (t) => {
  const { api, another, becomes } = await start(t)
  const second = await another()
  const names = Array.from({ length: 5 }, (_, index) => `dev-${index}`)
  for (const name of names) putMapping(api, name, name)
  for (const name of names) {
    await eventually(t, `${name}: status`, roleArn(name), 2 * LIVE_MS, () => canonicalArnOf(api, name))
    await eventually(t, `${name}: Event`, 1, 2 * LIVE_MS, () => eventsAbout(api, name).length)
  }
  await becomes('dev-4', 'dev-4', 'mapped')
  t.equal((await second.stop()).code, 0)
  const { length } = writesOf(api)
  const third = await another()
  await third.waitForLog(({ msg }) => msg === 'IAMIdentityMappings loaded')
  putMapping(api, 'last', 'Last')
  await eventually(t, 'a change after that', 1, LIVE_MS, () => eventsAbout(api, 'last').length)
  const later = writesOf(api).slice(length)
  t.notOk(
    later.some((write) => write.includes('dev-')),
    'nothing was written about what was synced before',
  )
  t.equal(api.listEvents().length, names.length + 1)
})

await t.test('the status cannot change a mapping, and is corrected', async (t) => {
  const { api, cluster, becomes } = await start(t)
  putMapping(api, 'dev', 'Dev')
  await becomes('Dev', 'dev', 'mapped')
  await eventually(t, 'its status', roleArn('Dev').toLowerCase(), LIVE_MS, () => canonicalArnOf(api, 'dev'))
  const agent = new Agent({ connect: { rejectUnauthorized: false } })
  t.teardown(() => agent.destroy())
  const { statusCode } = await agent.request({
    origin: api.url,
    path: '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings/dev/status',
    method: 'PATCH',
    headers: { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ status: { canonicalARN: roleArn('Evil').toLowerCase() } }),
  })
  t.equal(statusCode, 200)
  await eventually(t, 'put right', roleArn('Dev').toLowerCase(), LIVE_MS, () => canonicalArnOf(api, 'dev'))
  await becomes('Evil', 'refused', 'the role that the status named')
  await becomes('Dev', 'dev', 'the role that the spec names')
})

await t.test('a bad object affects no other, and a changed one keeps its last good state', async (t) => {
  const { api, server, becomes, badObjects } = await start(t)
  putMapping(api, 'dev', 'Dev')
  api.putIdentityMapping('bad', { arn: 'Bad', username: 'bad' })
  putMapping(api, 'ops', 'Ops')
  await becomes('Ops', 'ops', 'the object after it')
  await becomes('Dev', 'dev', 'the object before it')
  await eventually(t, 'one is bad', 1, LIVE_MS, badObjects)
  const line = await server.waitForLog(({ msg }) => String(msg).startsWith('IAMIdentityMapping bad: spec.arn: '))
  t.equal(line['level'], 'error')
  t.match(line['msg'], /maps no one/)
  api.putIdentityMapping('dev', { arn: 'arn:awz:iam::111122223333:role/Dev', username: 'dev' })
  await eventually(t, 'two are bad', 2, LIVE_MS, badObjects)
  await becomes('Dev', 'dev', 'its last good state')
  api.expireHistory('event')
  api.dropWatches()
  putMapping(api, 'late', 'Late')
  await becomes('Late', 'late', 'listed anew', RETRY_MS)
  await becomes('Dev', 'dev', 'its last good state, also after a new list')
  putMapping(api, 'dev', 'Dev', 'mended')
  await becomes('Dev', 'mended', 'mended')
  api.deleteIdentityMapping('bad')
  await eventually(t, 'none is bad', 0, LIVE_MS, badObjects)
  t.equal(eventsAbout(api, 'bad').length, 0)
})

await t.test('of two objects for one ARN the one created later wins, and is warned about', async (t) => {
  const { api, server, becomes } = await start(t)
  putMapping(api, 'b', 'Dev')
  await becomes('Dev', 'b', 'the first one')
  putMapping(api, 'c', 'DEV')
  await becomes('Dev', 'c', 'created later, or in the same second with a later name')
  const line = await server.waitForLog(({ msg }) => /^IAMIdentityMapping c: .*IAMIdentityMapping b/.test(String(msg)))
  t.equal(line['level'], 'warning')
  api.deleteIdentityMapping('c')
  await becomes('Dev', 'b', 'the other one is back')
})

await t.test('without a right to write, mappings are still active', async (t) => {
  const { api, server, becomes } = await start(t, (cluster) =>
    allowIdentityMappings(cluster, ['iamidentitymappings/status', 'events']),
  )
  for (const name of ['a', 'b', 'c']) putMapping(api, name, name)
  await becomes('c', 'c', 'mapped')
  const line = await server.waitForLog(({ msg }) => String(msg).startsWith("the status of IAMIdentityMappings can't"))
  t.equal(line['level'], 'warning')
  t.match(line['error'], /status 403/)
  t.ok(writesOf(api).length <= 3, 'it is not tried again and again')
  t.equal((await server.stop()).code, 0, 'and stops while it waits for the next try')
})

await t.test('without the definition or the API server the server waits, and gives no verdicts', async (t) => {
  const { api, server, becomes } = await start(t, ({ api: early }) => early.setAccounts([]))
  await becomes('Dev', 'status 503', 'no verdict')
  const line = await server.waitForLog(({ msg }) => String(msg).startsWith("IAMIdentityMappings can't be followed"))
  t.match(line['error'], /status 401/)
  t.equal((await server.stop()).code, 0)
  t.equal(api.openWatches, 0)
})

await t.test('among 50,000 objects a change is active as fast as among ten', async (t) => {
  const COUNT = 50_000
  const { api, server, becomes } = await start(t, (cluster) => {
    allowIdentityMappings(cluster)
    for (let index = 0; index < COUNT; index += 1) putMapping(cluster.api, `r${index}`, `R${index}`)
  })
  await server.waitForLog(({ msg, objects }) => msg === 'IAMIdentityMappings loaded' && objects === COUNT)
  await becomes('R0', 'r0', 'the first')
  await becomes(`R${COUNT - 1}`, `r${COUNT - 1}`, 'the last')
  const started = performance.now()
  const written = writesOf(api).length
  for (const username of ['one', 'two', 'three']) {
    putMapping(api, 'r7', 'R7', username)
    await becomes('R7', username, 'changed')
  }
  // The changes take some milliseconds, but a rate needs a second.
  await setTimeout(1000)
  const perSecond = ((writesOf(api).length - written) * 1000) / (performance.now() - started)
  t.ok(perSecond < 60, `${Math.round(perSecond)} writes a second, where 50,000 are waiting`)
  api.deleteIdentityMapping('r7')
  await becomes('R7', 'refused', 'deleted')
  t.equal((await server.stop()).code, 0)
})
