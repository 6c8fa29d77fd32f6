import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { valueAt } from '../e2e/harness/logins.ts'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { ACCOUNT_ID, roleArn, roleToken, startPerson } from './harness/govcloud.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const LIVE_MS = 1000
const ACCOUNT = 'system:serviceaccount:kube-system:aws-iam-authenticator'
const AWS_AUTH = ['configmap', 'aws-auth', '-n', 'kube-system']

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'govcloud', roles: ['K8s-Admin', 'Viewer', 'Intern'] }))

/** aws-auth of deploy/, for GovCloud. */
function exampleAwsAuth(): string {
  return readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8').replaceAll('arn:aws:', 'arn:aws-us-gov:')
}

async function story(plane: ControlPlane): Promise<void> {
  const { api, aws, node, pod } = plane
  /** Waits until kube-apiserver maps a session of the role to this user. Each try uses another token. */
  const becomes = (t: Test, role: string, user: string, what: string): Promise<void> =>
    eventually(t, what, user, LIVE_MS, () => api.whoIs(roleToken(aws, role)))

  /** Whether the server's account may do this: `yes` or `no`. */
  const mayI = async (...what: readonly string[]): Promise<string> => {
    const asked = await api.kubectl(['auth', 'can-i', ...what, `--as=${ACCOUNT}`])
    return asked.stdout.trim()
  }

  await t.test('the cluster contains what the manifests say, and accepts no unknown field', async (t) => {
    const overlay = join(MANIFESTS, 'overlays/govcloud')
    t.match(await api.kubectl(['diff', '-k', overlay]), { code: 0, stdout: '' }, 'nothing was changed or dropped')
    const daemonSet = await api.admin(['get', 'daemonset', 'aws-iam-authenticator', '-n', 'kube-system', '-o', 'json'])
    const wrong = daemonSet.replace('"hostNetwork":', '"hostNetworking": true, "hostNetwork":')
    t.not(wrong, daemonSet)
    const apply = ['apply', '--validate=strict', '--dry-run=server', '-f', '-']
    t.match(
      await api.kubectl(apply, { input: wrong }),
      { code: 1, stderr: /hostNetworking/ },
      'the validation is strict',
    )
  })

  await t.test('the service account may read aws-auth and nothing else', async (t) => {
    for (const verb of ['get', 'list', 'watch']) {
      t.equal(await mayI(verb, 'configmaps/aws-auth', '-n', 'kube-system'), 'yes', verb)
      t.equal(await mayI(verb, 'configmaps', '-n', 'kube-system'), 'no', `${verb} all`)
      t.equal(await mayI(verb, 'configmaps/aws-auth', '-n', 'default'), 'no', `${verb} elsewhere`)
      t.equal(await mayI(verb, 'secrets', '-n', 'kube-system'), 'no', `${verb} secrets`)
    }
    t.equal(await mayI('update', 'configmaps/aws-auth', '-n', 'kube-system'), 'no')
  })

  await t.test('nodes log in by config.yaml, and no one else does', async (t) => {
    const node = roleToken(aws, 'nodes.k8s.local', 'i-0123456789abcdef0')
    t.equal(await api.whoIs(node), `aws:${ACCOUNT_ID}:instance:i-0123456789abcdef0`)
    t.equal(await api.whoIs(roleToken(aws, 'K8s-Admin')), 'status 401')
    t.equal(await api.whoIs('k8s-aws-v1.bm90aGluZw'), 'status 401')
  })

  await t.test('mappings of aws-auth are active within a second of kubectl apply', async (t) => {
    await api.admin(['apply', '--validate=strict', '-f', '-'], exampleAwsAuth())
    await becomes(t, 'K8s-Admin', 'iam-admin-alice', 'applied')
  })

  await t.test('kubectl auth whoami, through the exec plugin, shows the mapped user and groups', async (t) => {
    const admin = await startPerson(t, { aws, api, role: 'K8s-Admin', session: 'dev@example.com' })
    const { code, stdout, stderr } = await admin.kubectl('auth', 'whoami', '-o', 'json')
    t.equal(code, 0, stderr)
    t.strictSame(valueAt(JSON.parse(stdout), 'status', 'userInfo', 'username'), 'iam-admin-dev-example.com')
    t.match(valueAt(JSON.parse(stdout), 'status', 'userInfo'), {
      uid: `aws-iam-authenticator:${ACCOUNT_ID}:AROAK8SADMIN`,
      groups: ['system:masters', 'system:authenticated'],
      extra: { canonicalArn: [roleArn('K8s-Admin')], sessionName: ['dev@example.com'] },
    })
    t.match(await admin.kubectl('get', 'nodes'), { code: 0, stderr: 'No resources found\n' }, 'system:masters may')
    const intern = await startPerson(t, { aws, api, role: 'Intern' })
    t.match(await intern.kubectl('auth', 'whoami'), { code: 1, stdout: '', stderr: /Unauthorized|logged in/ })
  })

  await t.test('a role added by kubectl edit logs in within a second, with the rights that RBAC grants', async (t) => {
    const folder = temporaryFolder(t)
    const editor = join(folder, 'editor')
    const entry = ['- rolearn: ' + roleArn('Viewer'), '  username: viewer-{{SessionName}}', '  groups: [viewers]']
    const lines = entry.map((line) => `    ${line}\\n`).join('')
    writeFileSync(editor, `#!/bin/sh\nsed -i 's|^  mapRoles: .*$|&\\n${lines.slice(0, -2)}|' "$1"\n`)
    chmodSync(editor, 0o755)
    const edited = await api.kubectl(['edit', ...AWS_AUTH], { environment: { KUBE_EDITOR: editor } })
    t.match(edited, { code: 0, stdout: /edited/ }, edited.stderr)
    await becomes(t, 'Viewer', 'viewer-alice', 'edited')
    await becomes(t, 'K8s-Admin', 'iam-admin-alice', 'who was there before')

    // The controller manager aggregates the role `view`, and it does not run.
    await api.admin(['create', 'clusterrole', 'reader', '--verb=get,list', '--resource=configmaps'])
    await api.admin(['create', 'clusterrolebinding', 'viewers', '--clusterrole=reader', '--group=viewers'])
    const mayRead = ['auth', 'can-i', 'list', 'configmaps', '--as=anyone', '--as-group=viewers']
    const granted = async (): Promise<string> => (await api.kubectl(mayRead)).stdout.trim()
    await eventually(t, 'the binding', 'yes', LIVE_MS, granted)
    const viewer = await startPerson(t, { aws, api, role: 'Viewer', session: 'bob' })
    t.match(await viewer.kubectl('get', 'configmaps', '-n', 'kube-system', '-o', 'name'), {
      code: 0,
      stdout: /^configmap\/aws-auth$/m,
    })
    const forbidden = { code: 1, stderr: /Forbidden.*User "viewer-bob" cannot/i }
    t.match(await viewer.kubectl('create', 'configmap', 'a', '-n', 'default'), forbidden, 'write')
    t.match(await viewer.kubectl('get', 'secrets', '-n', 'kube-system'), forbidden, 'read secrets')
  })

  await t.test('add role adds a role to a cluster, which logs in within a second', async (t) => {
    const folder = temporaryFolder(t)
    const flags = [`--rolearn=${roleArn('Intern')}`, '--username=intern', '--groups=viewers', '--prompt=false']
    const added = await runCommand(['add', 'role', ...flags, `--kubeconfig=${api.kubeconfig}`], {
      cwd: folder,
      environment: minimalEnvironment(folder),
    })
    t.match(added, { code: 0, stdout: /^updated configmap:/, stderr: '' })
    await becomes(t, 'Intern', 'intern', 'added')
    await becomes(t, 'Viewer', 'viewer-alice', 'who was there before')
    const again = await runCommand(['add', 'role', ...flags, `--kubeconfig=${api.kubeconfig}`], {
      cwd: folder,
      environment: minimalEnvironment(folder),
    })
    t.match(again, { code: 1, stderr: /duplicate role ARN/ })
  })

  await t.test('nobody logs in after the ConfigMap is deleted', async (t) => {
    await api.admin(['delete', ...AWS_AUTH])
    await becomes(t, 'K8s-Admin', 'status 401', 'deleted')
  })

  await t.test('the server has run as the manifest says, and stops cleanly', async (t) => {
    t.match(pod.output(), /msg="?access granted/)
    t.notMatch(pod.output(), 'k8s-aws-v1.', 'no token in the log')
    t.notMatch(pod.output(), /msg="?(?:.*watch failed|.*forbidden)/i, 'it has asked for nothing that it may not')
    const kubeconfig = readFileSync(node.path('/srv/kubernetes/aws-iam-authenticator/kubeconfig.yaml'), 'utf8')
    t.match(kubeconfig, 'https://localhost:21362/authenticate')
    t.equal((await pod.stop()).code, 0)
  })
}
