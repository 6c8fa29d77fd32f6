import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { clusterTls } from './harness/cluster.ts'
import { minimalEnvironment } from './harness/command.ts'
import { startPersonCluster, type PersonCluster } from './harness/person-cluster.ts'

const ADMIN = 'arn:aws:iam::123456789012:role/Admin'

/** Two files: one with a user, one with everything else, whose user has no rights. */
function splitKubeconfig({ folder, api, token }: PersonCluster): readonly [users: string, clusters: string] {
  const write = (name: string, config: object): string => {
    const path = join(folder, name)
    writeFileSync(path, stringify({ apiVersion: 'v1', kind: 'Config', ...config }), { mode: 0o600 })
    return path
  }
  const authority = Buffer.from(clusterTls.cert).toString('base64')
  const clusters = write('clusters', {
    clusters: [{ name: 'c', cluster: { server: api.url, 'certificate-authority-data': authority } }],
    users: [{ name: 'me', user: { token: 'of-nobody' } }],
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'me' } }],
    'current-context': 'main',
  })
  return [write('users', { users: [{ name: 'me', user: { token } }] }), clusters]
}

t.test('lint and explain read several files of KUBECONFIG as kubectl does', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: `- {rolearn: "${ADMIN}", username: a, groups: [g]}\n` })
  const [users, clusters] = splitKubeconfig(cluster)
  const KUBECONFIG = [join(cluster.folder, 'none'), users, clusters].join(':')
  const lint = await cluster.run(['lint', '--cluster'], { environment: { KUBECONFIG } })
  t.match(lint, { code: 0, stdout: '2 sources checked: no problems\n' }, lint.stderr)
  const explained = await cluster.run(['explain', '--cluster', '--arn', ADMIN], { environment: { KUBECONFIG } })
  t.equal(explained.code, 0, explained.stderr)
  const turned = await cluster.run(['lint', '--cluster'], { environment: { KUBECONFIG: `${clusters}:${users}` } })
  t.match(turned, { code: 1, stdout: /can't be read: .*401/ }, 'the first file that has the user wins')

  if (binariesRunHere) {
    const view = ['config', 'view', '--minify', '--raw', '-o', 'jsonpath={.users[0].user.token}']
    const env = { ...minimalEnvironment(cluster.folder), KUBECONFIG }
    t.match(await runBinary(await kubectl('1.35'), view, { env, cwd: cluster.folder }), { stdout: cluster.token })
  }

  writeFileSync(users, 'users: [')
  const broken = await cluster.run(['lint', '--cluster'], { environment: { KUBECONFIG } })
  t.match(broken, { code: 1, stdout: '' })
  t.ok(broken.stderr.includes(`${users}:1:`), broken.stderr)
  const none = await cluster.run(['lint', '--cluster'], { environment: { KUBECONFIG: join(cluster.folder, 'none') } })
  t.match(none, { code: 1, stdout: '', stderr: /none/ })
})

t.test('add uses the files of KUBECONFIG, and no default', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const add = ['add', 'role', '--prompt=false', '--username=a', '--groups=b', '--rolearn']
  const files = splitKubeconfig(cluster).join(':')
  const merged = await cluster.run([...add, ADMIN], { environment: { KUBECONFIG: files } })
  t.match(merged, { code: 0, stderr: '' })
  const named = [...add, `${ADMIN}2`, '--kubeconfig', cluster.kubeconfig]
  t.match(await cluster.run(named, { environment: { KUBECONFIG: '/dev/null' } }), { code: 0 }, 'the flag goes first')
  t.match(cluster.data(), { mapRoles: /role\/Admin\n[^]*role\/Admin2\n/ })

  mkdirSync(join(cluster.folder, '.kube'))
  copyFileSync(cluster.kubeconfig, join(cluster.folder, '.kube', 'config'))
  const requests = cluster.api.requests.length
  for (const KUBECONFIG of ['', ':']) {
    const unnamed = await cluster.run([...add, `${ADMIN}3`], { environment: { KUBECONFIG } })
    t.match(unnamed, { code: 1, stdout: '', stderr: /^Error: empty kubeconfig: / }, `"${KUBECONFIG}"`)
  }
  const none = join(cluster.folder, 'none')
  const missing = await cluster.run([...add, `${ADMIN}3`], { environment: { KUBECONFIG: none } })
  t.match(missing, { code: 1, stdout: '', stderr: /none/ })
  t.equal(cluster.api.requests.length, requests)
})
