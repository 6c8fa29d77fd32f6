import t from 'tap'
import { Agent, request } from 'undici'
import { serverTls, startFixture } from './api/test-client.ts'
import { selfSignedPair } from './certificates.ts'
import { allowAll, type Rule } from './fake-api.ts'

const base = '/api/v1/namespaces/kube-system/configmaps'
const watcher: readonly Rule[] = [
  { verbs: ['get'], resources: ['configmaps'], resourceNames: ['aws-auth'], namespace: 'kube-system' },
  { verbs: ['list', 'watch'], resources: ['configmaps'], resourceNames: ['aws-auth'], namespace: 'kube-system' },
  { verbs: ['patch'], resources: ['iamidentitymappings/status'] },
]

await t.test('a token is required, and an old one stops working', async (test) => {
  const { api, client, stop } = await startFixture({
    accounts: [{ username: 'server', token: 'one', allow: allowAll }],
  })
  test.teardown(stop)
  test.match(await client.ask('GET', base, { token: 'none' }), { status: 401, body: { reason: 'Unauthorized' } })
  test.match(await client.ask('GET', '/version', { token: 'none' }), { status: 401 })
  test.match(await client.ask('GET', base, { token: 'one' }), { status: 200 })
  api.rotateToken('server', 'two')
  test.match(await client.ask('GET', base, { token: 'one' }), { status: 401 })
  test.match(await client.ask('GET', base, { token: 'two' }), { status: 200 })
  api.setAccounts([])
  test.match(await client.ask('GET', base, { token: 'two' }), { status: 401 })
})

await t.test('rules have verb, resource, name and namespace', async (test) => {
  const { client, stop } = await startFixture({ accounts: [{ username: 'server', token: 'one', allow: watcher }] })
  test.teardown(stop)
  const statusOf = async (method: string, path: string): Promise<number> => {
    const answer = await client.ask(method, path, { token: 'one', body: method === 'GET' ? undefined : {} })
    return answer.status
  }
  test.equal(await statusOf('GET', `${base}/aws-auth`), 404)
  test.equal(await statusOf('GET', `${base}/other`), 403)
  test.equal(await statusOf('GET', '/api/v1/namespaces/default/configmaps/aws-auth'), 403)
  test.equal(await statusOf('GET', base), 403)
  test.equal(await statusOf('GET', `${base}?fieldSelector=metadata.name%3Daws-auth`), 200)
  test.equal(await statusOf('GET', '/api/v1/configmaps?fieldSelector=metadata.name%3Daws-auth'), 403)
  test.equal(await statusOf('PUT', `${base}/aws-auth`), 403)
  const mapping = '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings/a'
  test.equal(await statusOf('PATCH', mapping), 403)
  test.not(await statusOf('PATCH', `${mapping}/status`), 403)
  const { body } = await client.ask('PUT', `${base}/aws-auth`, { token: 'one', body: {} })
  test.match(body, {
    kind: 'Status',
    reason: 'Forbidden',
    code: 403,
    details: { name: 'aws-auth', kind: 'configmaps' },
  })
})

await t.test('a client certificate names its account', async (test) => {
  const known = selfSignedPair('server')
  const accounts = [{ username: 'server', allow: allowAll }]
  const { api, stop } = await startFixture({ accounts, clientCa: known.cert })
  test.teardown(stop)
  const statusWith = async (pair: { key: string; cert: string }): Promise<number> => {
    const dispatcher = new Agent({ connect: { ca: serverTls.cert, ...pair } })
    const { statusCode, body } = await request(`${api.url}${base}`, { dispatcher })
    await body.dump()
    await dispatcher.close()
    return statusCode
  }
  test.equal(await statusWith(known), 200)
  test.equal(await statusWith(selfSignedPair('server')), 401)
})

await t.test('requests are recorded without their credentials', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  await client.ask('GET', `${base}?limit=5`)
  const [record] = api.requests
  test.match(record, { method: 'GET', path: base, userAgent: 'test', authorization: true, status: 200, timeMs: Number })
  test.equal(record?.query.get('limit'), '5')
  test.notMatch(JSON.stringify(api.requests), 'admin-token')
})
