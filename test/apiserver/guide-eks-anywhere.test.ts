import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { property } from '@aws-iam-authenticator/core/untrusted'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { startApiServer, type ApiServer } from './harness/api-server.ts'
import { ACCOUNT_ID, REGION, roleArn, startGovCloud, startPerson } from './harness/govcloud.ts'
import { guideBlocks, startClone } from './harness/guide.ts'
import { ROOT, startNode, type Node } from './harness/node.ts'
import { startPod } from './harness/pod.ts'
import { noThrowAwayRoot as skip } from './harness/throw-away-root.ts'

const NAME = 'aws-iam-authenticator'
const NEXT = `${NAME}-next`
const FOLDER = '/var/lib/kubeadm/aws-iam-authenticator'
const NODE = 'ip-172-20-32-10.us-west-2.compute.internal'
const metadata = { name: NAME, namespace: 'kube-system' }

/** What EKS Anywhere applies, as far as this program shares it. */
const INSTALLED: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: NAME },
    rules: [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['aws-auth'], verbs: ['get'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: NAME },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
    subjects: [{ kind: 'ServiceAccount', ...metadata }],
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'config.yaml': 'clusterID: k8s.local\n' } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, name: 'aws-auth' },
    data: { mapRoles: `- rolearn: ${roleArn('K8s-Admin')}\n  username: admin\n  groups: [system:masters]\n` },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata,
    spec: {
      selector: { matchLabels: { 'k8s-app': NAME } },
      template: {
        metadata: { labels: { 'k8s-app': NAME } },
        spec: {
          serviceAccountName: NAME,
          nodeSelector: { 'node-role.kubernetes.io/control-plane': '' },
          containers: [{ name: NAME, image: 'bundle', resources: { limits: { memory: '20Mi' } } }],
        },
      },
    },
  },
]

/** Applies the manifest as the controller of EKS Anywhere does, whenever it sees the cluster. */
async function reconcile(api: ApiServer): Promise<void> {
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=eks-a-controller', '-f', '-']
  await api.admin(apply, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: INSTALLED }))
}

/** The pair and the webhook kubeconfig on the node, with the owner and modes that EKS Anywhere gives them. */
async function prepare(t: Test, node: Node): Promise<void> {
  const folder = temporaryFolder(t)
  const init = ['init', '--cluster-id=k8s.local']
  t.equal((await runCommand(init, { cwd: folder, environment: minimalEnvironment(folder) })).code, 0)
  mkdirSync(node.path(`${FOLDER}/pki`), { recursive: true })
  for (const name of ['cert.pem', 'key.pem']) {
    copyFileSync(join(folder, name), node.path(`${FOLDER}/pki/${name}`))
    chmodSync(node.path(`${FOLDER}/pki/${name}`), 0o640)
  }
  copyFileSync(join(folder, 'aws-iam-authenticator.kubeconfig'), node.path(`${FOLDER}/kubeconfig.yaml`))
  chmodSync(node.path(`${FOLDER}/kubeconfig.yaml`), 0o640)
  copyFileSync(join(ROOT, 'dist/aws-iam-authenticator'), node.path('/usr/local/bin/aws-iam-authenticator'))
}

/** A block without the lines that wait for a controller, which does not run here. */
function withoutWaiting(block: string | undefined): string {
  return (block ?? '').replaceAll(/^.* rollout status .*\n/gm, '')
}

t.test('the guide for EKS Anywhere: this program beside the other one, and back', { skip }, async (t) => {
  const aws = await startGovCloud(t, ['K8s-Admin', 'Intern'])
  const node = await startNode(t)
  await prepare(t, node)
  const api = await startApiServer(t, {
    flags: ['--authentication-token-webhook-config-file=/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml'],
    volumes: [
      { from: node.path(FOLDER), to: '/etc/kubernetes/aws-iam-authenticator', readOnly: false },
      { from: node.path('/etc/hosts'), to: '/etc/hosts', readOnly: true, file: true },
    ],
  })
  await reconcile(api)
  await api.admin(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } }))

  const clone = await startClone(t, 'eks-anywhere', { PARTITION: 'aws-us-gov', REGION, ACCOUNT: ACCOUNT_ID })
  const [, ...steps] = guideBlocks('eks-anywhere', 'Copy and paste', 'sh')
  for (const step of steps) await clone.run(withoutWaiting(step), api.kubeconfig)
  const podSpec = async (name: string): Promise<unknown> => {
    const found: unknown = JSON.parse(await api.admin(['get', 'daemonset', name, '-n', 'kube-system', '-o', 'json']))
    return property(property(property(found, 'spec'), 'template'), 'spec')
  }
  await api.admin(['set', 'image', `daemonset/${NAME}`, `${NAME}=another`, '-n', 'kube-system'])
  await reconcile(api)
  const kept = await podSpec(NAME)
  t.match(kept, { containers: [{ image: 'bundle' }] }, 'EKS Anywhere takes back a changed image')
  const away = [{ key: 'iam-authenticator', operator: 'NotIn', values: ['next'] }]
  const required = { nodeSelectorTerms: [{ matchExpressions: away }] }
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } }
  t.match(kept, { affinity }, 'and keeps the affinity')
  t.match(await podSpec(NEXT), { nodeSelector: { 'iam-authenticator': 'next' }, serviceAccountName: NAME })
  t.match(await api.admin(['get', 'nodes', '-l', 'iam-authenticator=next', '-o', 'name']), NODE)

  const pod = await startPod(t, { api, node, aws, name: NEXT })
  await pod.until((output) => output.includes('kube-system/aws-auth loaded'))
  const admin = await startPerson(t, { aws, api, role: 'K8s-Admin' })
  const { stdout, stderr } = await admin.kubectl('auth', 'whoami', '-o', 'json')
  t.match(stdout, '"username": "admin"', stderr)
  const intern = await startPerson(t, { aws, api, role: 'Intern' })
  t.match(await intern.kubectl('auth', 'whoami'), { code: 1 })
  t.match(pod.output(), /partition=aws-us-gov/)
  t.equal((await pod.stop()).code, 0)

  const [back = ''] = guideBlocks('eks-anywhere', 'Roll back', 'sh')
  await clone.run(`NODE=${NODE}\n${back}`, api.kubeconfig)
  t.equal(property(await podSpec(NAME), 'affinity'), undefined)
  t.equal(await api.admin(['get', 'nodes', '-l', 'iam-authenticator', '-o', 'name']), '')
  t.equal((await api.kubectl(['get', 'daemonset', NEXT, '-n', 'kube-system'])).code, 1)
})
