import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { findObject, list, parseObjects, texts } from '../deploy/objects.ts'
import { startApiServer, type ApiServer } from './harness/api-server.ts'
import { CLUSTER_API, CLUSTER_API_AWS, moduleFolder } from './harness/binary.ts'
import { guideBlocks } from './harness/guide.ts'
import { failWithoutFolder, logInByGuide, prepareByGuide, type Prepared } from './harness/guide-login.ts'
import { noThrowAwayRoot as skip, type Mount } from './harness/throw-away-root.ts'

const DEFINITIONS: readonly (readonly [module: typeof CLUSTER_API, file: string])[] = [
  [CLUSTER_API, 'core/config/crd/bases/cluster.x-k8s.io_clusters.yaml'],
  [CLUSTER_API, 'controlplane/kubeadm/config/crd/bases/controlplane.cluster.x-k8s.io_kubeadmcontrolplanes.yaml'],
  [CLUSTER_API_AWS, 'config/crd/bases/infrastructure.cluster.x-k8s.io_awsclusters.yaml'],
  [CLUSTER_API_AWS, 'config/crd/bases/infrastructure.cluster.x-k8s.io_awsmachinetemplates.yaml'],
]

const [cluster = ''] = guideBlocks('cluster-api', 'Copy and paste', 'yaml')

t.test(
  'the guide for Cluster API: valid objects, a script and manifests that make a cluster to log in to',
  { skip },
  async (t) => {
    const prepared = await prepareByGuide(t, 'cluster-api')
    await t.test('the management cluster accepts the objects', (t) => management(t, prepared))

    const { node, clone } = prepared
    const controlPlane = findObject(parseObjects(cluster), 'KubeadmControlPlane', 'k8s')
    const configuration = property(
      property(property(controlPlane, 'spec'), 'kubeadmConfigSpec'),
      'clusterConfiguration',
    )
    const server = property(configuration, 'apiServer')
    const flags = list(property(server, 'extraArgs')).map(
      (each) => `--${textAt(each, 'name') ?? ''}=${textAt(each, 'value') ?? ''}`,
    )
    const volumes = list(property(server, 'extraVolumes')).map((each): Mount => ({
      from: node.path(textAt(each, 'hostPath') ?? ''),
      to: textAt(each, 'mountPath') ?? '',
      readOnly: property(each, 'readOnly') === true,
    }))
    volumes.push({ from: node.path('/etc/hosts'), to: '/etc/hosts', readOnly: true, file: true })
    const pod = { flags, volumes }
    await logInByGuide(t, prepared, pod, async (api) => {
      await api.admin(['apply', '--validate=strict', '-k', clone.path('my-cluster')])
    })
    await failWithoutFolder(t, pod)
  },
)

async function define(api: ApiServer): Promise<void> {
  for (const [module, file] of DEFINITIONS) {
    await api.admin(['create', '-f', join(await moduleFolder(module), file)])
  }
  await api.admin(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
}

async function management(t: Test, { clone }: Prepared): Promise<void> {
  const api = await startApiServer(t)
  await define(api)
  writeFileSync(clone.path('cluster.yaml'), cluster)
  const [, secret = '', apply = ''] = guideBlocks('cluster-api', 'Copy and paste', 'sh')
  await clone.run(secret, api.kubeconfig)
  const strict = apply.replace('kubectl apply', 'kubectl apply --validate=strict')
  t.equal((await clone.run(strict, api.kubeconfig)).trim().split('\n').length, 4, 'four objects')

  const controlPlane: unknown = JSON.parse(await api.admin(['get', 'kubeadmcontrolplane', 'k8s', '-o', 'json']))
  const kubeadm = property(property(controlPlane, 'spec'), 'kubeadmConfigSpec')
  const [file] = list(property(kubeadm, 'files'))
  t.same(texts(property(kubeadm, 'preKubeadmCommands')), [textAt(file, 'path')], 'the script runs before kubeadm')
  const source = property(property(file, 'contentFrom'), 'secret')
  const stored: unknown = JSON.parse(await api.admin(['get', 'secret', textAt(source, 'name') ?? '', '-o', 'json']))
  const content = textAt(stored, 'data', textAt(source, 'key') ?? '') ?? ''
  t.equal(Buffer.from(content, 'base64').toString(), clone.read('prepare-node.sh'), 'the file has its content')

  const wrong = { input: cluster.replace('preKubeadmCommands', 'preKubeadmCommand') }
  const refused = await api.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], wrong)
  t.match(refused, { code: 1, stderr: /unknown field "spec.kubeadmConfigSpec.preKubeadmCommand"/ })
}
