import t from 'tap'
import { parse } from 'yaml'
import type { Writable } from '../../../core/src/edit/render.ts'
import { property } from '../../../core/src/untrusted.ts'
import { setCurrentContext, setKubeconfigEntry, type KubeconfigEntry } from '../../src/kubeconfig/kubeconfig-entry.ts'

const ENTRY: KubeconfigEntry = {
  list: 'users',
  name: 'k8s.local',
  value: { exec: { command: 'authenticator', args: ['token', '-i', 'yes'], provideClusterInfo: false } },
}

const NEW_ITEM = `- name: k8s.local
  user:
    exec:
      command: authenticator
      args:
      - token
      - -i
      - "yes"
      provideClusterInfo: false
`

function set(text: string, entry: KubeconfigEntry = ENTRY): string {
  const changed = setKubeconfigEntry(text, entry)
  if (changed === undefined) throw new Error('nothing could be set')
  return changed
}

t.test('an empty file, or one with only comments, becomes a kubeconfig', (t) => {
  t.equal(set(''), `apiVersion: v1\nkind: Config\nusers:\n${NEW_ITEM}`)
  t.equal(set('# mine'), `# mine\napiVersion: v1\nkind: Config\nusers:\n${NEW_ITEM}`)
  t.end()
})

t.test('an entry is added after the others, and nothing else changes', (t) => {
  const head = '# mine\nkind:   Config # by hand\nusers: # people\n- name: a\n  user: {token: x}   # a\n'
  const tail = '\n# the rest\ncontexts: [ ]\n'
  t.equal(set(`${head}${tail}`), `${head}${NEW_ITEM}${tail}`)
  t.equal(set('users:\n- name: a'), `users:\n- name: a\n${NEW_ITEM.trimEnd()}`)
  t.end()
})

t.test('an entry is added if there is no list yet', (t) => {
  t.equal(set('kind: Config'), `kind: Config\nusers:\n${NEW_ITEM}`)
  t.equal(set('users:\nkind: Config\n'), `users:\n${NEW_ITEM}kind: Config\n`)
  t.equal(set('users: [] # none\nkind: Config\n'), `users:\n${NEW_ITEM.trimEnd()} # none\nkind: Config\n`)
  t.equal(set('users: null\nkind: Config\n'), `users:\n${NEW_ITEM}kind: Config\n`)
  t.end()
})

t.test('an entry is added after one that ends in a list or in a key without a value', (t) => {
  for (const last of ['  user:\n    exec:\n      args:\n      - x\n', '  ? user\n', '  user: *a\n']) {
    const before = `x: &a {}\nusers:\n- name: a\n${last}`
    t.equal(set(`${before}kind: Config\n`), `${before}${NEW_ITEM}kind: Config\n`, last)
  }
  const list = 'users:\n-\n  - x\n'
  t.equal(set(list), list + NEW_ITEM)
  t.equal(set('users:\n- text\n'), `users:\n- text\n${NEW_ITEM}`, 'behind what is no entry')
  t.end()
})

t.test('an entry has the indentation of its list', (t) => {
  const before = 'users:\n  - name: a\n    user:\n      token: x\n'
  const item = `  - name: k8s.local
    user:
      exec:
        command: authenticator
        args:
          - token
          - -i
          - "yes"
        provideClusterInfo: false
`
  t.equal(set(before), before + item)
  t.end()
})

t.test('the content of an entry is replaced, and comments around it stay', (t) => {
  const changed = set(`users:
# of the team
- name: k8s.local # who
  # how
  user: # by
    client-key: |
      secret
    token: old # the last
# between
- name: b
  user:
    token: y
`)
  t.equal(
    changed,
    `users:
# of the team
- name: k8s.local # who
  # how
  user: # by
${NEW_ITEM.split('\n').slice(2, -1).join('\n')}
# between
- name: b
  user:
    token: y
`,
  )
  t.end()
})

const COMMENTED = `users:
- name: k8s.local
  user:
    exec:
      command: old # theirs
      args:
      - token
      # the cluster
      - -i
      - k8s.local
      - -r
      - old # role
      - --cache
      env:
      - name: A
        value: a # of A
      # the last
      - name: B
        value: b
      timeout: 7
kind: Config
`

function withExec(exec: Readonly<Record<string, Writable>>): KubeconfigEntry {
  return { list: 'users', name: 'k8s.local', value: { exec } }
}

t.test('of a value only what differs is changed', (t) => {
  const head = ['token', '-i', 'k8s.local']
  const args = [...head, '-r', 'old', '--cache']
  const env = [
    { name: 'A', value: 'a' },
    { name: 'B', value: 'b' },
  ]
  const same = { command: 'old', args, env, timeout: 7 }
  const cases: readonly (readonly [Readonly<Record<string, Writable>>, string])[] = [
    [same, COMMENTED],
    [{ ...same, command: 'new' }, COMMENTED.replace('command: old', 'command: new')],
    [{ ...same, args: [...head, '-r', 'yes', '--cache'] }, COMMENTED.replace('- old #', '- "yes" #')],
    [{ ...same, args: [...args, 'more'] }, COMMENTED.replace('- --cache\n', '- --cache\n      - more\n')],
    [{ ...same, args: [...head, '--cache'] }, COMMENTED.replace('      - -r\n      - old # role\n', '')],
    [{ ...same, args: [...head, '-e', '-r', 'old', '--cache'] }, COMMENTED.replace('- -r\n', '- -e\n      - -r\n')],
    [{ ...same, env: env.slice(0, 1) }, COMMENTED.replace('      - name: B\n        value: b\n', '')],
    [{ command: 'old', args, timeout: 7 }, COMMENTED.replace(/ {6}env:[^]*?(?= {6}timeout)/, '')],
    [{ ...same, more: false }, COMMENTED.replace('timeout: 7\n', 'timeout: 7\n      more: false\n')],
  ]
  for (const [exec, wanted] of cases) t.equal(set(COMMENTED, withExec(exec)), wanted)
  const json = '{"users": [{"name": "k8s.local", "user": {"exec": {"args": ["token", "-i"],  "env": null}}}]}'
  t.equal(
    set(json, withExec({ args: ['token', '-i', 'x'], env: null, command: 'new' })),
    json.replace('"-i"]', '"-i", "x"]').replace('null', 'null, "command": "new"'),
  )
  t.end()
})

t.test('the current context is set, and nothing else changes', (t) => {
  for (const [before, after] of [
    ['kind: Config\ncurrent-context: a # mine\n', 'kind: Config\ncurrent-context: b # mine\n'],
    ['current-context: ""\nkind: Config\n', 'current-context: b\nkind: Config\n'],
    ['current-context:\nkind: Config\n', 'current-context: b\nkind: Config\n'],
    ['kind: Config', 'kind: Config\ncurrent-context: b\n'],
    ['{"current-context": "a", "kind": "Config"}', '{"current-context": "b", "kind": "Config"}'],
    ['{"kind": "Config"}', '{"kind": "Config", "current-context": "b"}'],
  ] as const) {
    t.equal(setCurrentContext(before, 'b'), after, before)
    t.equal(setCurrentContext(after, 'b'), after)
  }
  t.equal(setCurrentContext('current-context: [a]\n', 'b'), undefined)
  t.end()
})

t.test('the content of an entry is replaced in any notation', (t) => {
  for (const before of [
    'users:\n- name: k8s.local\n  user: {}\n- name: b\n',
    'users:\n- name: k8s.local\n  user:\n- name: b\n',
    'users:\n- name: k8s.local\n- name: b\n',
    'users:\n- {name: k8s.local, user: {token: x}}\n- name: b\n',
    'users:\n- user:\n    token: x\n  name: "k8s.local"\n- name: b\n',
    'users: [{name: k8s.local, user: {token: x}}, {name: b}]\n',
    'x: &a {token: x}\nusers:\n- name: k8s.local\n  user: *a\n- name: b\n',
  ]) {
    const users = property(parse(set(before)), 'users')
    t.same(users, [{ name: 'k8s.local', user: ENTRY.value }, { name: 'b' }], before)
  }
  t.end()
})

t.test('a kubeconfig in JSON stays JSON', (t) => {
  for (const before of [
    '{"kind": "Config", "users": [{"name": "a"}]}',
    '{"kind": "Config", "users": []}',
    '{"kind": "Config"}',
    '{"kind": "Config", "users": null}',
    '{\n  "users": [\n    {"name": "a", "user": {"token": "x"}}\n  ]\n}\n',
  ]) {
    const users = property(JSON.parse(set(before)), 'users')
    t.same(Array.isArray(users) && users.at(-1), { name: 'k8s.local', user: ENTRY.value }, before)
  }
  t.end()
})

t.test('a flow map gets its first list, whatever it contains', (t) => {
  const list = JSON.stringify([{ name: ENTRY.name, user: ENTRY.value }])
  t.equal(set('{}\n'), `{"users": ${list}}\n`)
  t.equal(set('{ kind: Config }'), `{ kind: Config, "users": ${list} }`)
  t.equal(set('{kind }'), `{kind, "users": ${list} }`, 'a key without a value')
  t.equal(set('{a: &x b, c: *x }'), `{a: &x b, c: *x, "users": ${list} }`, 'an alias')
  t.end()
})

t.test('correct content is not touched', (t) => {
  const once = set('# mine\nusers:\n- name: a\n')
  t.equal(set(once), once)
  const own = 'users: [{name: k8s.local, user: {token: "x"}}]'
  t.equal(set(own, { list: 'users', name: 'k8s.local', value: { token: 'x' } }), own)
  t.end()
})

t.test('line ends stay as they are', (t) => {
  const changed = set('kind: Config\r\nusers:\r\n- name: a\r\ncontexts: []\r\n')
  t.notMatch(changed, /[^\r]\n/)
  t.end()
})

t.test('a context is set too', (t) => {
  const before = 'contexts:\n- context:\n    cluster: c\n    user: old # who\n  name: work\n'
  const entry = { list: 'contexts', name: 'work', value: { cluster: 'c', user: 'new' } } as const
  t.equal(set(before, entry), before.replace('old', 'new'))
  t.end()
})

t.test('nothing is done if something else would change', (t) => {
  t.equal(setKubeconfigEntry('users: text\n', ENTRY), undefined)
  t.equal(setKubeconfigEntry('users:\n  a: b\n', ENTRY), undefined)
  t.equal(setKubeconfigEntry('users:\n- name: k8s.local\n  user: &a {token: x}\nx: *a\n', ENTRY), undefined)
  t.equal(setKubeconfigEntry('---\n', ENTRY), undefined)
  t.end()
})

t.test('an invalid kubeconfig is rejected with its place, and not quoted', (t) => {
  for (const text of [
    'users: [secret\n',
    '- secret\n',
    'secret\n',
    'a: b\n---\nc: secret\n',
    '\tsecret: a\n',
    'a: *secret\n',
    'a: &secret [*secret]\n',
  ]) {
    t.throws(() => setKubeconfigEntry(text, ENTRY), { code: 'invalid_kubeconfig' }, text)
    try {
      setKubeconfigEntry(text, ENTRY)
    } catch (error) {
      t.notMatch(String(error), 'secret')
    }
  }
  t.end()
})
