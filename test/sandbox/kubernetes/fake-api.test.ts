import t from 'tap'
import { metadataField, startFixture } from './api/test-client.ts'

const base = '/api/v1/namespaces/kube-system/configmaps'
const crd = '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings'
const merge = 'application/merge-patch+json'

function configMap(name: string, data: Record<string, unknown> = {}, metadata = {}): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }
}

await t.test('a config map is created, read, replaced, patched and deleted', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  test.match(await client.ask('GET', `${base}/aws-auth`), { status: 404, body: { kind: 'Status', reason: 'NotFound' } })
  const created = await client.ask('POST', base, { body: configMap('aws-auth', { mapRoles: '[]' }) })
  test.match(created, {
    status: 201,
    body: { metadata: { namespace: 'kube-system', uid: String, resourceVersion: '2' } },
  })
  const again = await client.ask('POST', base, { body: configMap('aws-auth') })
  test.match(again, { status: 409, body: { reason: 'AlreadyExists', code: 409 } })
  const replaced = await client.ask('PUT', `${base}/aws-auth`, { body: { ...created.body, data: { mapRoles: 'x' } } })
  test.match(replaced, { status: 200, body: { data: { mapRoles: 'x' }, metadata: { resourceVersion: '3' } } })
  const stale = await client.ask('PUT', `${base}/aws-auth`, { body: created.body })
  test.match(stale, { status: 409, body: { kind: 'Status', reason: 'Conflict', details: { name: 'aws-auth' } } })
  const body = { data: { mapUsers: 'y', mapRoles: null } }
  const patched = await client.ask('PATCH', `${base}/aws-auth`, { body, contentType: merge })
  test.strictSame(patched.body.data, { mapUsers: 'y' })
  test.match(await client.ask('DELETE', `${base}/aws-auth`), { status: 200, body: { status: 'Success' } })
  test.equal(api.getConfigMap('kube-system', 'aws-auth'), undefined)
})

await t.test('invalid objects are rejected', async (test) => {
  const { client, stop } = await startFixture()
  test.teardown(stop)
  test.match(await client.ask('POST', base, { body: '{' }), { status: 400 })
  test.match(await client.ask('POST', base, { body: configMap('UPPER') }), { status: 422, body: { reason: 'Invalid' } })
  test.match(await client.ask('POST', base, { body: configMap('a', { number: 1 }) }), { status: 400 })
  test.match(await client.ask('POST', base, { body: configMap('a', {}, { namespace: 'default' }) }), { status: 400 })
  test.match(await client.ask('POST', crd, { body: configMap('a') }), { status: 400 })
  test.match(await client.ask('PUT', `${base}/a`, { body: configMap('b') }), { status: 400 })
  test.match(await client.ask('PATCH', `${base}/a`, { body: {}, contentType: 'application/json-patch+json' }), {
    status: 415,
  })
  test.match(await client.ask('DELETE', base), { status: 405 })
  test.match(await client.ask('GET', '/apis/apps/v1/deployments'), { status: 404 })
})

await t.test('lists select and have pages of one version', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  for (const name of ['a', 'b', 'c']) api.putConfigMap('kube-system', name, {})
  api.putConfigMap('default', 'b', {})
  const one = await client.ask('GET', `${base}?fieldSelector=metadata.name%3Db`)
  test.match(one.body, { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '5' } })
  test.match(one.body.items, { length: 1, 0: { metadata: { name: 'b', namespace: 'kube-system' } } })
  const everywhere = await client.ask('GET', '/api/v1/configmaps?fieldSelector=metadata.namespace%3Ddefault')
  test.match(everywhere.body.items, { length: 1, 0: { metadata: { namespace: 'default' } } })

  const first = await client.ask('GET', `${base}?limit=2`)
  test.match(first.body, {
    items: { length: 2 },
    metadata: { continue: String, remainingItemCount: 1, resourceVersion: '5' },
  })
  api.deleteConfigMap('kube-system', 'c')
  const token = metadataField(first, 'continue')
  const { body: second } = await client.ask('GET', `${base}?limit=2&continue=${token}`)
  test.match(second, { items: { length: 1, 0: { metadata: { name: 'c' } } }, metadata: { resourceVersion: '5' } })
  api.expireHistory('status')
  const late = await client.ask('GET', `${base}?limit=2&continue=${token}`)
  test.match(late, { status: 410, body: { reason: 'Expired', code: 410 } })
})

await t.test('the status of an identity mapping is a resource of its own', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  const body = {
    apiVersion: 'iamauthenticator.k8s.aws/v1alpha1',
    kind: 'IAMIdentityMapping',
    metadata: { name: 'admin' },
    spec: { arn: 'arn:aws:iam::123456789012:role/Admin', username: 'admin' },
    status: { canonicalARN: 'ignored' },
  }
  const created = await client.ask('POST', crd, { body })
  test.match(created, { status: 201, body: { metadata: { generation: 1, namespace: undefined } } })
  test.equal(created.body.status, undefined)
  const patch = { spec: { username: 'ignored' }, status: { canonicalARN: 'arn:aws:iam::123456789012:role/admin' } }
  const synced = await client.ask('PATCH', `${crd}/admin/status`, { body: patch, contentType: merge })
  test.match(synced.body, { spec: { username: 'admin' }, status: patch.status, metadata: { generation: 1 } })
  const changed = { spec: { username: 'other' }, status: null }
  const main = await client.ask('PATCH', `${crd}/admin`, { body: changed, contentType: merge })
  test.match(main.body, { spec: { username: 'other' }, status: patch.status, metadata: { generation: 2 } })
  const strategic = 'application/strategic-merge-patch+json'
  test.match(await client.ask('PATCH', `${crd}/admin`, { body: {}, contentType: strategic }), { status: 415 })
  test.match(api.getIdentityMapping('admin'), { status: patch.status })
  api.putIdentityMapping('admin', { arn: 'a', username: 'b' })
  test.match(api.getIdentityMapping('admin'), { spec: { username: 'b' }, status: patch.status })
})

await t.test('events are created and counted', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  const path = '/api/v1/namespaces/default/events'
  const event = {
    metadata: { name: 'admin.1' },
    involvedObject: { kind: 'IAMIdentityMapping' },
    reason: 'Synced',
    count: 1,
  }
  test.match(await client.ask('POST', path, { body: event }), { status: 201, body: { kind: 'Event' } })
  const strategic = 'application/strategic-merge-patch+json'
  test.match(await client.ask('PATCH', `${path}/admin.1`, { body: { count: 2 }, contentType: strategic }), {
    status: 200,
  })
  test.match(api.listEvents(), { length: 1, 0: { reason: 'Synced', count: 2 } })
  test.match(await client.ask('POST', '/api/v1/namespaces/kube-system/events', { body: event }), { status: 422 })
  test.match(await client.ask('GET', `${path}?fieldSelector=reason%3DOther`), { body: { items: { length: 0 } } })
})
