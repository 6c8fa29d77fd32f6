import t from 'tap'
import { metadataField, startFixture } from './api/test-client.ts'

const base = '/api/v1/namespaces/kube-system/configmaps'
const awsAuth = `${base}?watch=true&fieldSelector=metadata.name%3Daws-auth`

await t.test('a watch without a version starts with the current objects', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: '1' })
  api.putConfigMap('kube-system', 'other', {})
  const watch = await client.watch(awsAuth)
  test.match(await watch.next(), { type: 'ADDED', object: { kind: 'ConfigMap', data: { mapRoles: '1' } } })
  test.equal(api.openWatches, 1)
  api.putConfigMap('kube-system', 'other', { a: 'b' })
  api.putConfigMap('default', 'aws-auth', {})
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: '2' })
  test.match(await watch.next(), { type: 'MODIFIED', object: { data: { mapRoles: '2' } } })
  api.deleteConfigMap('kube-system', 'aws-auth')
  test.match(await watch.next(), { type: 'DELETED', object: { metadata: { name: 'aws-auth', resourceVersion: '7' } } })
  watch.cancel()
  await api.until(() => api.openWatches === 0)
})

await t.test('a watch from a version starts after it', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: '1' })
  const resourceVersion = metadataField(await client.ask('GET', base), 'resourceVersion')
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: '2' })
  const watch = await client.watch(`${awsAuth}&resourceVersion=${resourceVersion}`)
  test.match(await watch.next(), { type: 'MODIFIED', object: { data: { mapRoles: '2' } } })
})

await t.test('bookmarks are sent if allowed, one of them before a watch ends', async (test) => {
  const { api, client, stop } = await startFixture()
  test.teardown(stop)
  const plain = await client.watch(`${awsAuth}&timeoutSeconds=1`)
  const allowing = await client.watch(`${awsAuth}&allowWatchBookmarks=true&timeoutSeconds=1`)
  api.putConfigMap('kube-system', 'unseen', {})
  api.sendBookmarks()
  const bookmark = {
    type: 'BOOKMARK',
    object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '2' } },
  }
  test.match(await allowing.next(), bookmark)
  test.match(await allowing.next(), bookmark)
  test.equal(await allowing.next(), undefined)
  test.equal(await plain.next(), undefined)
})

await t.test('an expired version is 410, as a status or as an event', async (test) => {
  const { api, client, stop } = await startFixture({ historySize: 1 })
  test.teardown(stop)
  for (const value of ['1', '2', '3']) api.putConfigMap('kube-system', 'aws-auth', { value })
  const outOfHistory = await client.ask('GET', `${awsAuth}&resourceVersion=2`)
  test.match(outOfHistory, { status: 410, body: { kind: 'Status', code: 410, reason: 'Expired' } })
  api.expireHistory('event')
  const watch = await client.watch(`${awsAuth}&resourceVersion=4`)
  test.equal(watch.status, 200)
  test.match(await watch.next(), { type: 'ERROR', object: { kind: 'Status', code: 410 } })
  test.equal(await watch.next(), undefined)
  const resourceVersion = metadataField(await client.ask('GET', base), 'resourceVersion')
  const resumed = await client.watch(`${awsAuth}&resourceVersion=${resourceVersion}`)
  api.putConfigMap('kube-system', 'aws-auth', { value: '4' })
  test.match(await resumed.next(), { type: 'MODIFIED', object: { data: { value: '4' } } })
})

await t.test('faults', async (test) => {
  await test.test('watches are dropped', async (inner) => {
    const { api, client, stop } = await startFixture()
    inner.teardown(stop)
    const watch = await client.watch(awsAuth)
    api.dropWatches()
    inner.equal(await watch.next(), undefined)
    await api.until(() => api.openWatches === 0)
  })

  await test.test('the server stops and restarts on its port', async (inner) => {
    const { api, client, stop } = await startFixture()
    inner.teardown(stop)
    const { url } = api
    const watch = await client.watch(awsAuth)
    await api.goAway()
    inner.equal(await watch.next(), undefined)
    await inner.rejects(client.ask('GET', base), { code: 'ECONNREFUSED' })
    await api.comeBack()
    inner.equal(api.url, url)
    inner.match(await client.ask('GET', base), { status: 200 })
  })

  await test.test('lists fail, and work again', async (inner) => {
    const { api, client, stop } = await startFixture()
    inner.teardown(stop)
    api.failLists(503)
    inner.match(await client.ask('GET', base), { status: 503, body: { kind: 'Status', code: 503 } })
    api.failLists(undefined)
    inner.match(await client.ask('GET', base), { status: 200 })
  })

  await test.test('responses are delayed', async (inner) => {
    const { api, client, stop } = await startFixture()
    inner.teardown(stop)
    const release = api.holdResponses()
    const answer = client.ask('GET', base)
    await api.until(() => api.requests.length === 1)
    inner.equal(api.requests[0]?.status, undefined)
    release()
    inner.match(await answer, { status: 200 })
  })

  await test.test('a line of a watch is malformed', async (inner) => {
    const { api, client, stop } = await startFixture()
    inner.teardown(stop)
    const watch = await client.watch(awsAuth)
    api.sendWatchLine('"no event"')
    inner.equal(await watch.next(), 'no event')
  })

  await test.test('an object changes during a write', async (inner) => {
    const { api, client, stop } = await startFixture({
      beforeRequest: ({ method }) => {
        if (method === 'PUT') api.putConfigMap('kube-system', 'aws-auth', { value: 'theirs' })
      },
    })
    inner.teardown(stop)
    const read = api.putConfigMap('kube-system', 'aws-auth', { value: 'old' })
    const body = { ...read, data: { value: 'ours' } }
    inner.match(await client.ask('PUT', `${base}/aws-auth`, { body }), { status: 409 })
    inner.match(api.getConfigMap('kube-system', 'aws-auth'), { data: { value: 'theirs' } })
  })

  await test.test('a condition that never holds is an error', async (inner) => {
    const { api, stop } = await startFixture()
    inner.teardown(stop)
    await inner.rejects(api.until(() => api.openWatches === 1, 1))
  })
})
