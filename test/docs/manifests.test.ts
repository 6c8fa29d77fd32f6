import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, parseAwsAuth, EMPTY_AWS_AUTH, property, textAt } from '@aws-iam-authenticator/core'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { startSandboxAws } from '../sandbox/aws/sandbox.ts'
import { selfSignedPair } from '../sandbox/kubernetes/certificates.ts'
import { FakeKubernetes, type Rule } from '../sandbox/kubernetes/fake-api.ts'
import { writeKubeconfig } from '../sandbox/kubernetes/kubeconfig.ts'
import { ROOT } from './documents.ts'

const FOLDER = join(ROOT, 'deploy/manifests')

const objects: readonly unknown[] = readdirSync(FOLDER)
  .flatMap((name) => parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')))
  .map((document): unknown => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(error.message)
    return document.toJS()
  })

function find(kind: string, name = 'aws-iam-authenticator'): unknown {
  return objects.find((object) => textAt(object, 'kind') === kind && textAt(object, 'metadata', 'name') === name)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function texts(value: unknown): readonly string[] {
  return list(value).map(String)
}

t.test('every object has its kind, its name and its place', async (t) => {
  const kinds = objects.map((object) => textAt(object, 'kind') ?? '')
  t.same(kinds.toSorted(), [
    'ClusterRole',
    'ClusterRoleBinding',
    'ConfigMap',
    'ConfigMap',
    'CustomResourceDefinition',
    'DaemonSet',
    'Role',
    'RoleBinding',
    'ServiceAccount',
  ])
  for (const object of objects) {
    const kind = textAt(object, 'kind') ?? ''
    t.equal(textAt(object, 'metadata', 'namespace'), /^C(?:luster|ustom)/.test(kind) ? undefined : 'kube-system', kind)
    if (/Role/.test(kind)) t.equal(textAt(object, 'apiVersion'), 'rbac.authorization.k8s.io/v1')
  }
  for (const kind of ['RoleBinding', 'ClusterRoleBinding']) {
    t.match(find(kind), {
      roleRef: { kind: kind.replace('Binding', ''), name: 'aws-iam-authenticator' },
      subjects: [{ kind: 'ServiceAccount', name: 'aws-iam-authenticator', namespace: 'kube-system' }],
    })
  }
})

t.test('the definition of IAMIdentityMapping is the one that clusters have', async (t) => {
  const definition = find('CustomResourceDefinition', 'iamidentitymappings.iamauthenticator.k8s.aws')
  t.match(definition, {
    apiVersion: 'apiextensions.k8s.io/v1',
    spec: {
      group: 'iamauthenticator.k8s.aws',
      scope: 'Cluster',
      names: { kind: 'IAMIdentityMapping', plural: 'iamidentitymappings', singular: 'iamidentitymapping' },
    },
  })
  const [version, ...more] = list(property(property(definition, 'spec'), 'versions'))
  t.same(more, [])
  t.match(version, { name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } })
  const text = { type: 'string' }
  t.match(property(property(version, 'schema'), 'openAPIV3Schema'), {
    properties: {
      spec: { properties: { arn: text, username: text, groups: { type: 'array', items: text } } },
      status: { properties: { canonicalARN: text, userID: text } },
    },
  })
})

t.test('the DaemonSet runs the server with nothing that it does not need', async (t) => {
  const daemonSet = find('DaemonSet')
  const pod = property(property(property(daemonSet, 'spec'), 'template'), 'spec')
  t.match(pod, {
    hostNetwork: true,
    serviceAccountName: 'aws-iam-authenticator',
    securityContext: { runAsNonRoot: true, runAsUser: 10000, seccompProfile: { type: 'RuntimeDefault' } },
  })
  t.match(
    list(property(pod, 'tolerations')).map((toleration) => textAt(toleration, 'key')),
    ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'],
  )
  const [container, ...others] = list(property(pod, 'containers'))
  t.same(others, [])
  t.match(container, {
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    livenessProbe: { httpGet: { path: '/healthz', port: 21363 } },
    readinessProbe: { httpGet: { path: '/healthz', port: 21363 } },
  })
  const args = texts(property(container, 'args'))
  t.same(args, [
    'server',
    '--backend-mode=EKSConfigMap,MountedFile',
    '--config=/etc/aws-iam-authenticator/config.yaml',
    '--state-dir=/var/aws-iam-authenticator',
    '--kubeconfig-pregenerated=true',
  ])
  t.equal((await runCommand([...args, '--help'])).code, 0, 'the command knows these flags')
  const mounts = list(property(container, 'volumeMounts'))
  for (const mount of mounts) t.equal(property(mount, 'readOnly'), true)
  t.same(
    mounts.map((mount) => [textAt(mount, 'name'), textAt(mount, 'mountPath')]),
    [
      ['config', '/etc/aws-iam-authenticator/'],
      ['state', '/var/aws-iam-authenticator/'],
      ['output', '/etc/kubernetes/aws-iam-authenticator/'],
    ],
  )
  t.match(property(pod, 'volumes'), [
    { name: 'config', configMap: { name: 'aws-iam-authenticator' } },
    { name: 'state', hostPath: { path: '/var/aws-iam-authenticator/' } },
    { name: 'output', hostPath: { path: '/srv/kubernetes/aws-iam-authenticator/' } },
  ])
})

t.test('the configuration is one that the server takes without a word', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'config.yaml'), textAt(find('ConfigMap'), 'data', 'config.yaml') ?? '')
  const environment = minimalEnvironment(folder)
  const { code, stderr } = await runCommand(['init', '--config=config.yaml'], { cwd: folder, environment })
  t.equal(code, 0, stderr)
  t.notMatch(stderr, /level=(?:warning|error)/)
})

t.test('aws-auth maps one role', async (t) => {
  const data = property(find('ConfigMap', 'aws-auth'), 'data')
  const { roles, problems } = parseAwsAuth(isRecord(data) ? data : {}, EMPTY_AWS_AUTH, { sso: false })
  t.same(problems, [])
  t.match(roles, [{ username: 'iam-admin-{{SessionName}}', groups: ['system:masters'] }])
})

function rulesOf(kind: 'Role' | 'ClusterRole'): Rule[] {
  return list(property(find(kind), 'rules')).map((rule) => {
    const rights = { verbs: texts(property(rule, 'verbs')), resources: texts(property(rule, 'resources')) }
    const names = property(rule, 'resourceNames')
    const named = names === undefined ? rights : Object.assign(rights, { resourceNames: texts(names) })
    return kind === 'Role' ? Object.assign(named, { namespace: 'kube-system' }) : named
  })
}

t.test('the rights of the service account are enough to follow aws-auth, and reach no other ConfigMap', async (t) => {
  const allow = [...rulesOf('Role'), ...rulesOf('ClusterRole')]
  t.same(
    allow.filter(({ resources }) => resources.includes('configmaps')),
    [
      {
        verbs: ['get', 'list', 'watch'],
        resources: ['configmaps'],
        resourceNames: ['aws-auth'],
        namespace: 'kube-system',
      },
    ],
  )
  const tls = selfSignedPair('sandbox')
  const api = await FakeKubernetes.start({ tls, accounts: [{ username: 'server', token: 'of the pod', allow }] })
  t.teardown(() => api.close())
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const kubeconfig = `${t.testdir({})}/kubeconfig`
  await writeKubeconfig(kubeconfig, { server: api.url, certificateAuthority: tls.cert, user: { token: 'of the pod' } })
  const data = property(find('ConfigMap', 'aws-auth'), 'data')
  const server = await startTestServer(t, { aws, args: ['--backend-mode=EKSConfigMap', `--kubeconfig=${kubeconfig}`] })
  await api.until(() => api.openWatches > 0)
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: textAt(data, 'mapRoles') ?? '' })
  await server.waitForLog(({ msg, roles }) => msg === 'kube-system/aws-auth loaded' && roles === 1)
  t.same(
    api.requests.filter(({ status }) => status !== 200),
    [],
  )
})
