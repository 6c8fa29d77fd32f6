import { property } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { render, runHelm } from '../deploy/chart.ts'
import { findObject, MANIFESTS, overlayObjects, OVERLAYS } from '../deploy/objects.ts'
import { helm } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { startApiServer } from './harness/api-server.ts'

const VALUES = {
  clusterID: 'k8s.local',
  image: { repository: '123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-iam-authenticator' },
  backends: ['CRD', 'EKSConfigMap', 'MountedFile'],
}
/** All other values, without the objects of the Prometheus operator, whose kinds this API server does not have. */
const FURTHER_VALUES = {
  backends: ['MountedFile', 'DynamicFile'],
  featureGates: { SSORoleMatch: true },
  logFormat: 'json',
  webIdentity: {
    issuers: [
      {
        url: 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws',
        accounts: ['123456789012'],
        jwks: { keys: [{ kty: 'RSA', kid: '1', n: 'x', e: 'AQAB' }] },
      },
    ],
  },
  dynamicFile: { hostPath: '/var/lib/auth/map.json' },
  proxy: { url: 'http://proxy.example:3128', noProxy: '.internal' },
  caBundle: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  metrics: { address: ':21364' },
  extraArgs: ['--ec2-describeInstances-qps=5'],
  extraEnv: [{ name: 'AWS_REGION', value: 'eu-west-1' }],
  extraVolumes: [{ name: 'audit', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'audit', mountPath: '/audit' }],
  podLabels: { team: 'a' },
  podAnnotations: { note: 'a' },
  priorityClassName: 'system-cluster-critical',
  updateStrategy: { type: 'OnDelete', rollingUpdate: null },
  nodeSelector: { zone: 'a' },
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
}
/** The warning of kube-apiserver about the old label, which the affinity has beside the current one. */
const OLDER_LABEL = /^Warning: \S+nodeSelectorTerms\[1\]\S+ node-role\.kubernetes\.io\/master is use .*\n$/
const ON_LOOPBACK =
  'probe or lifecycle host (container "aws-iam-authenticator" uses probe or lifecycle host "127.0.0.1")'

const api = await startApiServer(t)

t.test('the API server accepts every overlay, and a second apply changes nothing', async (t) => {
  for (const overlay of OVERLAYS) {
    const folder = `${MANIFESTS}/overlays/${overlay}`
    const { code, stderr } = await api.kubectl(['apply', '--validate=strict', '-k', folder])
    t.equal(code, 0, `${overlay}: ${stderr}`)
    t.match(stderr, OLDER_LABEL, `${overlay}: no other warning`)
    const again = await api.admin(['apply', '--validate=strict', '-k', folder])
    for (const line of again.trim().split('\n')) t.match(line, / unchanged$/, overlay)
    for (const example of overlay === 'crd' ? ['identity-mapping', 'aws-auth'] : []) {
      await api.admin(['apply', '--validate=strict', '-f', `${MANIFESTS}/examples/${example}.yaml`])
    }
    await api.admin(['delete', '-k', folder])
  }
})

t.test('helm installs, upgrades and removes the chart, and the mappings stay', async (t) => {
  const upgrade = async (values: Record<string, unknown>): Promise<void> => {
    const command = ['upgrade', '--install', `--kubeconfig=${api.kubeconfig}`, 'authenticator']
    const { code, stderr } = await runHelm(t, command, values)
    t.equal(code, 0, stderr)
  }
  const inKubeSystem = (kind: string): Promise<string> =>
    api.admin(['--namespace=kube-system', 'get', kind, 'aws-iam-authenticator', '--output=yaml'])
  await upgrade(VALUES)
  t.match(await inKubeSystem('daemonset'), '- --backend-mode=CRD,EKSConfigMap,MountedFile')
  await api.admin(['apply', '-f', `${MANIFESTS}/examples/identity-mapping.yaml`])
  await upgrade({ ...VALUES, server: { mapAccounts: ['123456789012'] } })
  t.match(await inKubeSystem('configmap'), '- "123456789012"')
  await upgrade({ ...VALUES, ...FURTHER_VALUES })
  const stored = await inKubeSystem('daemonset')
  for (const text of ['--log-format=json', 'name: dynamic', 'name: jwks', 'name: ca', 'dedicated', 'name: audit']) {
    t.match(stored, text)
  }

  const home = t.testdir({})
  const args = ['uninstall', 'authenticator', '--namespace=kube-system', `--kubeconfig=${api.kubeconfig}`]
  const removed = await runBinary(await helm(), args, { cwd: home, env: { HOME: home } })
  t.equal(removed.code, 0, removed.stderr)
  t.equal((await api.kubectl(['--namespace=kube-system', 'get', 'serviceaccount', 'aws-iam-authenticator'])).code, 1)
  t.match(await api.admin(['get', 'iamidentitymappings']), /^k8s-admin /m)
})

t.test('the service account may read what the backend mode file may name, and nothing else', async (t) => {
  const account = '--as=system:serviceaccount:kube-system:aws-iam-authenticator'
  /** Which of aws-auth and the IAMIdentityMappings the service account may watch. */
  const rights = async (dynamicBackends: readonly string[]): Promise<unknown[]> => {
    const server = dynamicBackends.length === 0 ? {} : { dynamicBackendModePath: '/etc/modes/modes.json' }
    const command = ['upgrade', '--install', `--kubeconfig=${api.kubeconfig}`, 'authenticator']
    const values = { ...VALUES, backends: ['MountedFile'], dynamicBackends, server }
    const { code, stderr } = await runHelm(t, command, values)
    t.equal(code, 0, stderr)
    const mayWatch = async (...what: readonly string[]): Promise<boolean> =>
      (await api.kubectl(['auth', 'can-i', 'watch', ...what, account])).stdout.trim() === 'yes'
    const awsAuth = await mayWatch('configmaps/aws-auth', '--namespace=kube-system')
    return [awsAuth, await mayWatch('iamidentitymappings'), await mayWatch('configmaps', '--namespace=kube-system')]
  }
  t.same(await rights([]), [false, false, false])
  t.same(await rights(['EKSConfigMap']), [true, false, false])
  t.same(await rights(['CRD']), [false, true, false])
  t.same(await rights(['EKSConfigMap', 'CRD', 'MountedFile']), [true, true, false])
  const home = t.testdir({})
  const args = ['uninstall', 'authenticator', '--namespace=kube-system', `--kubeconfig=${api.kubeconfig}`]
  t.equal((await runBinary(await helm(), args, { cwd: home, env: { HOME: home } })).code, 0)
})

t.test('the API server accepts the DaemonSet with a port for the PodMonitor', async (t) => {
  const metrics = { address: ':21364', podMonitor: { enabled: true } }
  const daemonSet = findObject(await render(t, { ...VALUES, metrics }), 'DaemonSet')
  const create = ['create', '--dry-run=server', '--validate=strict', '--output=yaml', '-f', '-']
  const { code, stdout, stderr } = await api.kubectl(create, { input: JSON.stringify(daemonSet) })
  t.equal(code, 0, stderr)
  t.match(stdout, 'hostPort: 21364')
})

t.test('the pod violates PodSecurity only by its host network, loopback address and host paths', async (t) => {
  const objects = await overlayObjects('aws-auth')
  await api.admin(['apply', '-f', '-'], JSON.stringify(findObject(objects, 'ServiceAccount')))
  const spec = property(property(property(findObject(objects, 'DaemonSet'), 'spec'), 'template'), 'spec')
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'server', namespace: 'kube-system' }, spec }
  /** The violations of a level; empty if it passes. */
  const refusedBy = async (level: string): Promise<string> => {
    await api.admin(['label', '--overwrite', 'namespace', 'kube-system', `pod-security.kubernetes.io/enforce=${level}`])
    const create = ['create', '--dry-run=server', '--validate=strict', '-f', '-']
    const { code, stderr } = await api.kubectl(create, { input: JSON.stringify(pod) })
    t.equal(code === 0, level === 'privileged', stderr)
    return /violates PodSecurity "[\w:.]+": (.*)$/m.exec(stderr)?.[1] ?? ''
  }
  const network = 'host namespaces (hostNetwork=true)'
  t.equal(await refusedBy('privileged'), '')
  t.equal(await refusedBy('baseline'), `${network}, hostPath volumes (volumes "state", "output"), ${ON_LOOPBACK}`)
  const paths = 'restricted volume types (volumes "state", "output" use restricted volume type "hostPath")'
  t.equal(await refusedBy('restricted'), `${network}, ${ON_LOOPBACK}, ${paths}`)
})
