import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseIdentityMapping } from '@aws-iam-authenticator/core/mapping/identity-mapping'
import t from 'tap'
import { ROOT } from '../docs/documents.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { findObject, list, MANIFESTS, overlayObjects, OVERLAYS, parseObjects, texts } from './objects.ts'

const BACKENDS = { file: 'MountedFile', 'aws-auth': 'EKSConfigMap,MountedFile', crd: 'CRD,MountedFile' }
const KINDS = {
  file: ['ConfigMap', 'DaemonSet', 'ServiceAccount'],
  'aws-auth': ['ConfigMap', 'DaemonSet', 'Role', 'RoleBinding', 'ServiceAccount'],
  crd: [
    'ClusterRole',
    'ClusterRoleBinding',
    'ConfigMap',
    'CustomResourceDefinition',
    'DaemonSet',
    'Role',
    'RoleBinding',
    'ServiceAccount',
  ],
}

function example(name: string): unknown {
  return parseObjects(readFileSync(join(MANIFESTS, 'examples', name), 'utf8'))[0]
}

function podOf(daemonSet: unknown): unknown {
  return property(property(property(daemonSet, 'spec'), 'template'), 'spec')
}

t.test('these tests cover every overlay', async (t) => {
  t.same(readdirSync(join(MANIFESTS, 'overlays')).sort(), [...OVERLAYS].sort())
})

for (const overlay of OVERLAYS) {
  const like = overlay === 'govcloud' ? 'aws-auth' : overlay
  t.test(`overlay ${overlay}`, async (t) => {
    const objects = await overlayObjects(overlay)
    t.same(objects.map((object) => textAt(object, 'kind') ?? '').sort(), KINDS[like])
    for (const object of objects) {
      const kind = textAt(object, 'kind') ?? ''
      const name = textAt(object, 'metadata', 'name') ?? ''
      t.match(name, kind === 'CustomResourceDefinition' ? /^iamidentitymappings\./ : /^aws-iam-authenticator$/)
      if (/Role/.test(kind)) t.equal(textAt(object, 'apiVersion'), 'rbac.authorization.k8s.io/v1')
      const { roleRef, subjects } = isRecord(object) ? object : {}
      if (!kind.endsWith('Binding')) continue
      t.match(roleRef, { kind: kind.replace('Binding', ''), name: 'aws-iam-authenticator' })
      t.same(subjects, [{ kind: 'ServiceAccount', name: 'aws-iam-authenticator', namespace: 'kube-system' }])
    }

    const pod = podOf(findObject(objects, 'DaemonSet'))
    const [container] = list(property(pod, 'containers'))
    const args = texts(property(container, 'args'))
    t.same(args, [
      'server',
      `--backend-mode=${BACKENDS[like]}`,
      '--config=/etc/aws-iam-authenticator/config.yaml',
      '--state-dir=/var/aws-iam-authenticator',
      '--kubeconfig-pregenerated=true',
    ])
    t.equal((await runCommand([...args, '--help'])).code, 0, 'the command knows these flags')
    t.equal(property(pod, 'automountServiceAccountToken'), like !== 'file', 'a token only where it is used')
    const version = textAt(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'version') ?? ''
    t.ok(textAt(container, 'image')?.endsWith(`/aws-iam-authenticator:${version}`), 'the image of this version')

    const folder = temporaryFolder(t)
    const configuration = textAt(findObject(objects, 'ConfigMap'), 'data', 'config.yaml') ?? ''
    writeFileSync(join(folder, 'config.yaml'), configuration)
    const environment = minimalEnvironment(folder)
    const { code, stderr } = await runCommand(['init', '--config=config.yaml'], { cwd: folder, environment })
    t.equal(code, 0, stderr)
    t.notMatch(stderr, /level=(?:warning|error)/, 'the server takes the configuration without a word')
  })
}

t.test('the DaemonSet runs the server with minimal rights', async (t) => {
  const daemonSet = findObject(await overlayObjects('file'), 'DaemonSet')
  t.match(property(daemonSet, 'spec'), {
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
  })
  const pod = podOf(daemonSet)
  t.match(pod, {
    hostNetwork: true,
    dnsPolicy: 'Default',
    priorityClassName: 'system-node-critical',
    serviceAccountName: 'aws-iam-authenticator',
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10000,
      runAsGroup: 10000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  })
  for (const key of ['control-plane', 'master', 'api-server'].map((role) => `node-role.kubernetes.io/${role}`)) {
    const tolerated = list(property(pod, 'tolerations')).find((toleration) => textAt(toleration, 'key') === key)
    t.same(tolerated, { key, operator: 'Exists', effect: 'NoSchedule' })
  }
  const [container, ...others] = list(property(pod, 'containers'))
  t.same(others, [])
  const probe = { scheme: 'HTTPS', host: '127.0.0.1', port: 21362 }
  t.match(container, {
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    livenessProbe: { httpGet: { ...probe, path: '/livez' } },
    readinessProbe: { httpGet: { ...probe, path: '/readyz' } },
  })
  // On the host network a declared port is a host port, which PodSecurity would refuse, too.
  t.equal(property(container, 'ports'), undefined)
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
    { name: 'state', hostPath: { path: '/var/aws-iam-authenticator/', type: 'Directory' } },
    { name: 'output', hostPath: { path: '/srv/kubernetes/aws-iam-authenticator/', type: 'Directory' } },
  ])
})

t.test('the definition of IAMIdentityMapping equals the one in existing clusters', async (t) => {
  const objects = await overlayObjects('crd')
  const definition = findObject(objects, 'CustomResourceDefinition', 'iamidentitymappings.iamauthenticator.k8s.aws')
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

t.test('the examples map one role', async (t) => {
  const data = property(example('aws-auth.yaml'), 'data')
  const { roles, problems } = parseAwsAuth(isRecord(data) ? data : {}, EMPTY_AWS_AUTH, { sso: false })
  t.same(problems, [])
  t.match(roles, [{ username: 'iam-admin-{{SessionName}}', groups: ['system:masters'] }])
  t.match(parseIdentityMapping(example('identity-mapping.yaml'), 'k8s-admin'), {
    entry: { username: 'iam-admin-{{SessionName}}', groups: ['system:masters'] },
    warnings: [],
  })
})
