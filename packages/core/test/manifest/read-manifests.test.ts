import { test } from 'tap'
import { readManifests } from '../../src/manifest/read-manifests.ts'

const at = (line: number, column: number) => ({ source: 'f', line, column })

void test('text without a manifest is not an error', async (t) => {
  for (const text of ['', '# nothing\n', '---\n---\n', 'text', '- kind: ConfigMap\n', 'kind: [ConfigMap]\n']) {
    t.same(readManifests(text, 'f'), { configMaps: [], identityMappings: [], problems: [] }, text)
  }
  t.same(readManifests('kind: List\nitems:\n- text\n- [kind]\n', 'f').configMaps, [], 'nor in a list')
})

void test('aliases are resolved', async (t) => {
  const text = `kind: ConfigMapList
items:
- &one
  kind: ConfigMap
  metadata: &metadata {name: a, namespace: n}
  data: &data
    mapRoles: &roles "[]"
- *one
- kind: ConfigMap
  metadata: *metadata
  data: *data
- kind: ConfigMap
  metadata: *metadata
  data:
    mapUsers: *roles
    mapAccounts: *nothing
`
  const { configMaps, problems } = readManifests(text, 'f')
  t.same(problems, [])
  t.match(configMaps, [
    { name: 'a', namespace: 'n', location: at(4, 3), data: [{ key: 'mapRoles', nested: { text: '[]' } }] },
    { name: 'a', namespace: 'n', data: [{ key: 'mapRoles' }] },
    { name: 'a', namespace: 'n', location: at(9, 3), data: [{ key: 'mapRoles', location: at(7, 5) }] },
    {
      data: [
        { key: 'mapUsers', location: at(15, 5), nested: { text: '[]' } },
        { key: 'mapAccounts', nested: null },
      ],
    },
  ])
  t.same(configMaps[3]?.data[0]?.nested?.locate(1, 2), at(7, 24), 'the place of the text that the alias stands for')
})

void test('malformed data, and keys that are not text', async (t) => {
  for (const data of ['text', '[a]', '', '*nothing']) {
    t.match(readManifests(`kind: ConfigMap\ndata: ${data}\n`, 'f').configMaps, [
      { name: '', namespace: null, location: at(1, 1), data: [] },
    ])
  }
  const [configMap] = readManifests('kind: ConfigMap\ndata:\n  ? [a]\n  : "x"\n  1: "y"\n', 'f').configMaps
  t.match(configMap?.data, [
    { key: '', location: at(3, 5), nested: { text: 'x' } },
    { key: '1', location: at(5, 3), nested: { text: 'y' } },
  ])
})

void test('a missing path of an object has the place of its nearest parent', async (t) => {
  const text = 'kind: IAMIdentityMapping\nspec:\n  arn: x\n  ? username\n  groups:\n  - g\n  <<: {a: b}\n'
  const { identityMappings } = readManifests(`---\nx: y\n---\n${text}`, 'f')
  t.equal(identityMappings.length, 1)
  t.match(identityMappings, [{ name: '', object: { spec: { arn: 'x', username: null, groups: ['g'] } } }])
  const locate = (path: string) => identityMappings[0]?.locate(path)
  t.same(locate('spec.arn'), at(6, 8))
  t.same(locate('spec.username'), at(7, 5), 'a key without a value')
  t.same(locate('spec.groups'), at(9, 3))
  t.same(locate('spec.principalId'), at(6, 3), 'what is not there')
  t.same(locate('spec.arn.x'), at(6, 8), 'what is below a text')
  t.same(locate('metadata.name'), at(4, 1))
})

void test('an object with an undefined or excessive alias is an error of its own', async (t) => {
  const bomb = `  a: &a [x, x, x, x, x, x, x, x, x, x]
  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
`
  for (const spec of ['  arn: *nothing\n', bomb]) {
    const text = `kind: Secret\n---\nkind: IAMIdentityMapping\nspec:\n${spec}---\nkind: IAMIdentityMapping\nmetadata: {name: b}\n`
    const { identityMappings, problems } = readManifests(text, 'f')
    t.match(problems, [{ severity: 'error', location: at(3, 1), path: '', message: /^can't be read: .*alias/i }])
    t.match(identityMappings, [{ name: 'b' }], 'the next one is read')
  }
})
