import t from 'tap'
import { parse } from 'yaml'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { list } from '../deploy/objects.ts'
import { guideBlocks } from './harness/guide.ts'
import { logInByGuide, prepareByGuide } from './harness/guide-login.ts'
import { noThrowAwayRoot as skip } from './harness/throw-away-root.ts'

const HEADING = 'With your own user data'
/** The folder that kops mounts into its API server, besides those of its own files. */
const MOUNTED = '/srv/kubernetes/kube-apiserver'

t.test('the guide for kops: its user data, flag and manifests make a cluster to log in to', { skip }, async (t) => {
  const prepared = await prepareByGuide(t, 'kops', HEADING)
  const { node, clone } = prepared
  const [part] = list(property(property(parse(clone.read('instance-group.yaml')), 'spec'), 'additionalUserData'))
  t.equal(textAt(part, 'content'), clone.read('prepare-node.sh'), 'the instance group has the script')
  const [cluster = ''] = guideBlocks('kops', HEADING, 'yaml')
  const path = textAt(parse(cluster), 'spec', 'kubeAPIServer', 'authenticationTokenWebhookConfigFile') ?? ''
  const pod = {
    flags: [`--authentication-token-webhook-config-file=${path}`],
    volumes: [
      { from: node.path(MOUNTED), to: MOUNTED, readOnly: true },
      { from: node.path('/etc/hosts'), to: '/etc/hosts', readOnly: true, file: true },
    ],
  }
  await logInByGuide(t, prepared, pod, async (api) => {
    await api.admin(['apply', '--validate=strict', '-k', clone.path('my-cluster')])
  })
})
