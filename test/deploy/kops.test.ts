import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parse } from 'yaml'
import { document, ROOT } from '../docs/documents.ts'
import { USER_DATA } from './node.ts'
import { findObject, list, overlayObjects } from './objects.ts'

function kops(name: string): unknown {
  return parse(readFileSync(join(ROOT, 'deploy/kops', name), 'utf8'))
}

t.test('the instance group contains the script, with a name that sorts before that of kops', async (t) => {
  const [part, ...more] = list(property(property(kops('instance-group.yaml'), 'spec'), 'additionalUserData'))
  t.same(more, [])
  t.match(part, { type: 'text/x-shellscript', content: USER_DATA })
  t.ok((textAt(part, 'name') ?? 'z') < 'nodeup.sh')
})

t.test('the script, the key of the cluster and the DaemonSet have the same path', async (t) => {
  const [, output = ''] = /^output=(.*)$/m.exec(USER_DATA) ?? []
  const cluster = kops('cluster.yaml')
  t.same(cluster, {
    spec: { kubeAPIServer: { authenticationTokenWebhookConfigFile: `${output}/kubeconfig.yaml` } },
  })
  const daemonSet = findObject(await overlayObjects('aws-auth'), 'DaemonSet')
  t.ok(JSON.stringify(daemonSet).includes(`"path":"${output}/"`))
})

t.test('the built-in option of kops has the memory of the manifests, and an image of this version', async (t) => {
  const version = textAt(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'version') ?? ''
  const daemonSet = findObject(await overlayObjects('file'), 'DaemonSet')
  const pod = property(property(property(daemonSet, 'spec'), 'template'), 'spec')
  const [container] = list(property(pod, 'containers'))
  for (const name of ['built-in.yaml', 'built-in-govcloud.yaml']) {
    const aws = property(property(property(kops(name), 'spec'), 'authentication'), 'aws')
    t.match(aws, {
      clusterID: 'k8s.local',
      memoryRequest: textAt(container, 'resources', 'requests', 'memory'),
      memoryLimit: textAt(container, 'resources', 'limits', 'memory'),
    })
    t.ok(textAt(aws, 'image')?.endsWith(`/aws-iam-authenticator:${version}`))
  }
  const shown = document('docs/guides/kops.md').blocks.find(({ text }) => text.includes('authentication:'))?.text ?? ''
  t.same(parse(shown), kops('built-in.yaml'), 'the guide shows it')
})
