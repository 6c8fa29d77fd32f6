import t from 'tap'
import { maskSecrets } from '../../../src/kubeconfig/update/mask-secrets.ts'

const KUBECONFIG = `apiVersion: v1
# password: SECRET
x-base: &base {id: SECRET}
clusters:
- name: c
  cluster:
    server: https://api.example
    proxy-url: http://me:SECRET@proxy.example
    extensions:
    - name: e
      extension: {apiToken: SECRET, n: 1}
contexts:
- name: work
  context: {cluster: c, user: cert}
users:
- name: cert
  user:
    client-certificate-data: SECRET
    client-key-data: |
      SECRET
      SECRET
    token: SECRET # token=SECRET
    username: SECRET
    password: "SECRET
      SECRET"
- name: alias
  user: *base
- name: old
  user: {auth-provider: {name: SECRET, config: {id-token: SECRET}}, as-groups: [SECRET]}
- name: ours
  user:
    exec:
      command: /opt/aws-iam-authenticator
      args: [token, -i, k8s.local]
      env:
      - {name: AWS_PROFILE, value: work}
      - {name: AWS_SESSION_TOKEN, value: SECRET}
- name: wrapper
  user:
    exec:
      command: aws-vault
      args: [--token=SECRET, exec, work, aws-iam-authenticator, token, -i, k8s.local]
- name: other
  user:
    exec:
      command: kubectl
      args:
      - oidc-login
      - --oidc-client-secret=SECRET
      - SECRET
      other: {a: [SECRET]}
`

t.test('no secret of a kubeconfig is left, and its lines stay', (t) => {
  for (const text of [KUBECONFIG, KUBECONFIG.replaceAll('\n', '\r\n')]) {
    const masked = maskSecrets(text)
    t.notMatch(masked, 'SECRET')
    t.equal(masked.split('\n').length, text.split('\n').length)
    for (const shown of [
      'server: https://api.example',
      'context: {cluster: c, user: cert}',
      '- name: cert',
      'command: /opt/aws-iam-authenticator',
      'args: [token, -i, k8s.local]',
      'value: work',
      ' token, -i, k8s.local]',
      'command: kubectl',
    ])
      t.ok(masked.includes(shown), shown)
  }
  t.end()
})

t.test('no secret is left in other forms of users', (t) => {
  for (const text of [
    '{"users":[{"name":"a","user":{"token":"SECRET","client-key-data":"SECRET"}}]}',
    'x: &u {name: a, user: {username: SECRET}}\nusers: [*u]\n',
    'x: &l [{name: a, user: {username: SECRET}}]\nusers: *l\n',
    'x: &b {username: SECRET}\nusers: [{name: a, user: {<<: *b}}]\n',
    'x: &t SECRET\nusers: [{name: a, user: {token: *t}}, {name: b, user: {token: *t}}]\n',
    'users: SECRET\n',
    'users: [SECRET, {user: SECRET}]\n',
    'users: [{name: a, user: {exec: SECRET}}, {name: b, user: {exec: {args: SECRET, env: SECRET}}}]\n',
    'users: [{name: a, user: {exec: {env: [SECRET, {value: SECRET}]}}}]\n',
    'users: [{name: a, user: {? [x] : SECRET, ? k : SECRET}}]\n',
  ])
    t.notMatch(maskSecrets(text), 'SECRET', text)
  t.end()
})
