import t from 'tap'
import type { KubeObject } from './objects.ts'
import { configMaps } from './resources.ts'
import { Store, type Change } from './store.ts'

function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  const metadata = { name, namespace: 'kube-system', uid: name, creationTimestamp: '', resourceVersion: '' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
}

await t.test('every change has a greater version, a write without a change has none', async (test) => {
  const store = new Store(10)
  const seen: Change[] = []
  store.subscribe((change) => seen.push(change))
  const first = store.put(configMaps, configMap('a'))
  test.equal(store.put(configMaps, configMap('a')), first)
  store.put(configMaps, configMap('a', { key: 'value' }))
  const deleted = store.delete(configMaps, 'kube-system', 'a')
  test.same(
    seen.map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  )
  test.same(
    seen.map(({ version }) => version),
    [2, 3, 4],
  )
  test.equal(deleted?.metadata.resourceVersion, '4')
  test.equal(store.delete(configMaps, 'kube-system', 'a'), undefined)
  test.equal(store.version, 4)
})

await t.test('the history is bounded', async (test) => {
  const store = new Store(2)
  for (const name of ['a', 'b', 'c']) store.put(configMaps, configMap(name))
  test.same(
    store.since(2)?.map(({ version }) => version),
    [3, 4],
  )
  test.equal(store.since(1), undefined)
  test.same(store.since(4), [])
})

await t.test('compaction forgets all seen versions, and watches resume from a new one', async (test) => {
  const store = new Store(10)
  store.put(configMaps, configMap('a'))
  const seen = store.version
  store.compact()
  test.equal(store.since(seen), undefined)
  test.same(store.since(store.version), [])
})

await t.test('lists select by namespace and name', async (test) => {
  const store = new Store(10)
  for (const name of ['b', 'a']) store.put(configMaps, configMap(name))
  test.same(
    store.list(configMaps, 'kube-system').map(({ metadata }) => metadata.name),
    ['a', 'b'],
  )
  test.same(store.list(configMaps, 'default'), [])
  test.equal(store.list(configMaps, undefined).length, 2)
})
