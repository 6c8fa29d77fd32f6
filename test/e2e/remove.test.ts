import t from 'tap'
import { startPersonCluster } from './harness/person-cluster.ts'

const ARN = 'arn:aws:iam::123456789012:role/Admin'
const NODES = '# who may join\n- rolearn: arn:aws:iam::123456789012:role/nodes   # the nodes\n  username: node\n'
const ADMIN = `- rolearn: ${ARN}\n  username: admin\n  groups: [system:masters]\n`
const DATA = { mapRoles: `${ADMIN}${NODES}${ADMIN.toLowerCase()}`, mapUsers: '[]', notes: 'keep  me\n' }
const REMOVE = ['remove', 'role', '--rolearn', ARN, '--kubeconfig']
const BOB = ['--userarn=arn:aws:iam::123456789012:user/bob', '--username=bob', '--groups=g']
const ADD_BOB = ['add', 'user', ...BOB, '--prompt=false', '--kubeconfig']

t.test('all entries of a role are named and removed, and everything else stays', async (t) => {
  const cluster = await startPersonCluster(t, DATA)
  const { code, stdout, stderr } = await cluster.run([...REMOVE, cluster.kubeconfig, '--prompt=false'])
  t.equal(code, 0)
  t.match(stderr, /^mapRoles\[0\], line 1: .*role\/Admin, username admin.*\nmapRoles\[2\], line 7: .*role\/admin.*\n$/)
  t.match(stdout, /^updated configmap:\n\n/)
  t.strictSame(cluster.data(), { ...DATA, mapRoles: NODES })
  const again = await cluster.run([...REMOVE, cluster.kubeconfig, '--prompt=false'])
  t.match(again, {
    code: 1,
    stdout: '',
    stderr: /^Error: mapRoles has no entry for the role ARN ".*nothing was written/,
  })
})

t.test('it asks before it writes', async (t) => {
  const cluster = await startPersonCluster(t, DATA)
  const no = await cluster.run([...REMOVE, cluster.kubeconfig], { input: 'n\n' })
  t.match(no, { code: 0, stdout: `cancelled "remove rolearn ${ARN}"\n` })
  t.match(no.stderr, /mapRoles\[2\].*\nReady to remove rolearn .* from kube-system\/aws-auth of https:.*\[y\/N\] $/)
  t.strictSame(cluster.writes(), [])
  const yes = await cluster.run([...REMOVE, cluster.kubeconfig], { input: 'y\n' })
  t.match(yes, { code: 0, stdout: /^updated configmap:/ })
  t.match(cluster.data(), { mapRoles: NODES })
})

t.test('a dry run prints the difference and writes nothing', async (t) => {
  const cluster = await startPersonCluster(t, DATA)
  const { code, stdout } = await cluster.run([...REMOVE, cluster.kubeconfig, '--dry-run'])
  t.equal(code, 0)
  t.equal(
    stdout,
    `--- kube-system/aws-auth mapRoles
+++ kube-system/aws-auth mapRoles
@@ -1,9 +1,3 @@
-${ADMIN.trimEnd().replaceAll('\n', '\n-')}
 ${NODES.trimEnd().replaceAll('\n', '\n ')}
-${ADMIN.toLowerCase().trimEnd().replaceAll('\n', '\n-')}
`,
  )
  t.strictSame(cluster.writes(), [])
  const add = ['add', 'role', '--username=u', '--groups=g', '--rolearn', `${ARN}2`, '--dry-run', '--kubeconfig']
  const added = await cluster.run([...add, cluster.kubeconfig])
  t.match(added, { code: 0, stdout: /^--- .*\n\+\+\+ .*\n@@ -7,3 \+7,7 @@\n( .*\n){3}(\+.*\n){4}$/ })
  t.strictSame(cluster.writes(), [])
})

t.test('a user and a permission set', async (t) => {
  const userarn = 'arn:aws:iam::123456789012:user/alice'
  const sso = '- sso: {permissionSetName: Read, accountID: "123456789012"}\n  username: r\n'
  const cluster = await startPersonCluster(t, { mapRoles: sso, mapUsers: `- userarn: ${userarn}\n  username: a\n` })
  const rest = ['--prompt=false', '--kubeconfig', cluster.kubeconfig]
  t.match(await cluster.run(['remove', 'user', '--userarn', userarn, ...rest]), { code: 0 })
  t.match(await cluster.run(['remove', 'role', '--sso', 'permissionSetName=Read,accountID=123456789012', ...rest]), {
    code: 0,
  })
  t.strictSame(cluster.data(), { mapRoles: '', mapUsers: '' })
})

t.test('a change of somebody else is not lost', async (t) => {
  const cluster = await startPersonCluster(t, DATA, {})
  const results = await Promise.all([
    cluster.run([...REMOVE, cluster.kubeconfig, '--prompt=false']),
    cluster.run([...ADD_BOB, cluster.kubeconfig]),
  ])
  for (const { code, stderr } of results) t.equal(code, 0, stderr)
  t.match(cluster.data(), { mapRoles: NODES, mapUsers: /user\/bob/ })
})

t.test('a bad command line is rejected before the cluster is called', async (t) => {
  const cluster = await startPersonCluster(t, DATA)
  const rows: readonly (readonly [args: readonly string[], error: RegExp])[] = [
    [['remove', 'role', '--rolearn', ARN], /^Error: empty kubeconfig/],
    [['remove', 'role', '--kubeconfig', cluster.kubeconfig], /^Error: invalid empty value: give --rolearn or --sso/],
    [['remove', 'user', '--kubeconfig', cluster.kubeconfig], /^Error: invalid empty value: give --userarn/],
    [
      ['remove', 'role', '--rolearn', 'x', '--kubeconfig', cluster.kubeconfig],
      /^Error: invalid argument for --rolearn: /,
    ],
  ]
  for (const [args, error] of rows) t.match(await cluster.run(args), { code: 1, stdout: '', stderr: error })
  t.strictSame(cluster.api.requests, [])
})

t.test('add --update changes the entry that is there', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: `${NODES}${ADMIN}` })
  const add = ['add', 'role', '--rolearn', ARN, '--username=ops', '--groups=a,b', '--prompt=false', '--kubeconfig']
  t.match(await cluster.run([...add, cluster.kubeconfig]), { code: 1, stderr: /cannot add duplicate role ARN/ })
  t.match(await cluster.run([...add, cluster.kubeconfig, '--update']), { code: 0, stderr: '' })
  t.strictSame(cluster.data(), { mapRoles: `${NODES}- rolearn: ${ARN}\n  username: ops\n  groups: ["a", "b"]\n` })
})
